import { type Application, message } from 'millrace'
import type { Context } from '../measurement.ts'
import { type Order, OrderPlaced, orders } from '../order.ts'
import { atOnce } from './bare.ts'
import { start } from './store.ts'

/** How many calls of `publish` are under way at any time. */
const inFlight = 1_000

/** A way to publish. */
export type Publish = (app: Application, data: readonly Order[]) => Promise<void>

/** Single calls, 1,000 of them under way at any time. */
export async function publishSingly(app: Application, data: readonly Order[]): Promise<void> {
  let next = 0
  const publisher = async (): Promise<void> => {
    while (next < data.length) await app.publish(OrderPlaced, data[next++]!)
  }
  await Promise.all(Array.from({ length: inFlight }, publisher))
}

/** Units of 1,000 events, one after the other. */
export async function publishBatches(app: Application, data: readonly Order[]): Promise<void> {
  for (let first = 0; first < data.length; first += atOnce) {
    await app.publishAll(data.slice(first, first + atOnce).map((each) => message(OrderPlaced, each)))
  }
}

/** Publishes to a scratch store, so that the compiler has seen it. */
export async function warmUpPublishing(context: Context, publish: Publish, name = 'warm'): Promise<void> {
  await using app = await start(context, { name })
  await publish(app, orders(context.warmUp))
}
