import { type Application, type Message, message, millrace, type Service } from 'millrace'
import type { Context, Prepared } from '../measurement.ts'
import { OrderPlaced, order } from '../order.ts'
import { atOnce } from './bare.ts'

/** An application on a store of the run. */
export function start(
  context: Context,
  { name = 'store', services = [] }: { readonly name?: string; readonly services?: readonly Service[] } = {},
): Promise<Application> {
  return millrace({ store: context.store(name), services }).start()
}

/** Publishes messages in units of 1,000. */
export async function publishAll(
  app: Application,
  count: number,
  messageOf: (number: number) => Message,
  progress: (text: string) => void = () => {},
): Promise<void> {
  for (let first = 0; first < count; first += atOnce) {
    const size = Math.min(atOnce, count - first)
    await app.publishAll(Array.from({ length: size }, (_, index) => messageOf(first + index)))
    if (first > 0 && first % 500_000 === 0) progress(`${first.toLocaleString('en')} events published`)
  }
}

export const orderMessage = (number: number): Message => message(OrderPlaced, order(number))

/** A store with so many orders (default: the base size) that nobody has handled. */
export const backlog = (count?: number): Prepared => ({
  name: count === undefined ? 'backlog' : `backlog-${count}`,
  async make(context) {
    await using app = await start(context)
    await publishAll(app, count ?? context.events, orderMessage, context.progress)
  },
})
