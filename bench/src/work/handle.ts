import { collection, type Dispatch, defineEvent, type Service, service } from 'millrace'
import { z } from 'zod'
import type { Context, Sample } from '../measurement.ts'
import { OrderPlaced } from '../order.ts'
import { tidy } from './clock.ts'
import { orderMessage, publishAll, start } from './store.ts'

/** What handling an order leaves in the store, in the commit of its acknowledgement. */
export type Effect = 'acknowledgement' | 'document' | 'own document' | 'event'

const Totals = collection<{ total: number }>('bench.totals')
const OrderNoted = defineEvent('bench.order.noted', { schema: z.object({ orderId: z.string(), total: z.int() }) })

/** Counts what is handled, and tells when the first and the last of it were. */
export interface Counted {
  /** Called by each handler. */
  handled(): void
  /** When the first was handled, by `performance.now()`. */
  readonly firstMs: number
  /** Resolves when all were handled. */
  readonly all: Promise<void>
}

export function counted(count: number): Counted {
  const all = Promise.withResolvers<void>()
  let [left, firstMs] = [count, 0]
  return {
    handled() {
      if (left === count) firstMs = performance.now()
      if (--left === 0) all.resolve()
    },
    get firstMs() {
      return firstMs
    },
    all: all.promise,
  }
}

/** A service that handles all orders. */
export function ordersService(name: string, dispatch: Dispatch, effect: Effect, { handled }: Counted): Service {
  const plain = service(name, { dispatch })
  switch (effect) {
    case 'acknowledgement':
      return plain.on(OrderPlaced, () => handled())
    case 'document':
      return plain.on(OrderPlaced, ({ data }, { documents }) => {
        handled()
        documents.put(Totals, data.customer, { total: data.total })
      })
    case 'own document':
      return plain.on(OrderPlaced, ({ data }, { documents }) => {
        handled()
        documents.put(Totals, data.orderId, { total: data.total })
      })
    case 'event':
      return plain.on(OrderPlaced, ({ data }, { publish }) => {
        handled()
        publish(OrderNoted, { orderId: data.orderId, total: data.total })
      })
  }
}

export interface Handling {
  readonly dispatch: Dispatch
  readonly effect: Effect
  readonly subscriptions: number
}

/** As many services as there are to be subscriptions. */
export const servicesFor = ({ dispatch, effect, subscriptions }: Handling, counter: Counted): readonly Service[] =>
  Array.from({ length: subscriptions }, (_, index) => ordersService(`orders-${index}`, dispatch, effect, counter))

/**
 * Handles the orders that wait in a store with so many subscriptions, each of which gets all of them.
 * @returns deliveries a second: from the first handler to the last settlement that is durable, and from the call of `start`
 */
async function handleBacklog(
  context: Context,
  store: string,
  events: number,
  { dispatch, effect, subscriptions }: Handling,
): Promise<Sample['values']> {
  const deliveries = events * subscriptions
  const counter = counted(deliveries)
  const services = servicesFor({ dispatch, effect, subscriptions }, counter)
  tidy()
  const beganMs = performance.now()
  await using app = await start(context, { name: store, services })
  await counter.all
  await app.idle()
  const endedMs = performance.now()
  return {
    perSecond: (deliveries / (endedMs - counter.firstMs)) * 1_000,
    fromStartPerSecond: (deliveries / (endedMs - beganMs)) * 1_000,
  }
}

/** Handles the backlog of a scratch store, so that the compiler has seen it. */
export async function warmUpHandling(context: Context, how: Handling): Promise<void> {
  const count = Math.ceil(context.warmUp / how.subscriptions)
  {
    await using app = await start(context, { name: 'warm' })
    await publishAll(app, count, orderMessage)
  }
  await handleBacklog(context, 'warm', count, how)
}

/** Handles the backlog of the store, of so many events (default: the base size). */
export const handling =
  (how: Handling, events?: number) =>
  async (context: Context): Promise<Sample> => {
    await warmUpHandling(context, how)
    return { values: await handleBacklog(context, 'store', events ?? context.events, how) }
  }
