import { order } from '../../../src/order.ts'
import type { Load, Order, Session } from '../peer.ts'

/** What limits a measurement: the events there are, and the time there is. */
export interface Budget {
  readonly events: number
  readonly maxMs: number
}

/** How many events went through, and how long that took. */
export interface Driven {
  readonly done: number
  readonly elapsedMs: number
}

/**
 * Runs `work` for slices of numbers, `inFlight` at any time, until the events or the time are used up.
 */
async function drive(
  { events, maxMs }: Budget,
  slice: number,
  inFlight: number,
  work: (first: number, count: number, worker: number) => Promise<unknown>,
): Promise<Driven> {
  const began = performance.now()
  let next = 0
  let done = 0
  const worker = async (index: number): Promise<void> => {
    while (next < events && performance.now() - began < maxMs) {
      const first = next
      const count = Math.min(slice, events - first)
      next += count
      await work(first, count, index)
      done += count
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, index) => worker(index)))
  return { done, elapsedMs: performance.now() - began }
}

export const perSecond = ({ done, elapsedMs }: Driven): number => Math.round((done / elapsedMs) * 1_000)

/** The data is there before the clock runs. */
const prepare = ({ events }: Budget): readonly Order[] => Array.from({ length: events }, (_, number) => order(number))

/** Single calls, as many in flight as serve the peer best. */
export function publishSingle(session: Session, load: Load, budget: Budget): Promise<Driven> {
  const orders = prepare(budget)
  return drive(budget, 1, load.callsInFlight, (first) => session.publish(orders[first]!))
}

/** Batches, as the peer offers them. */
export function publishBatches(session: Session, load: Load, budget: Budget): Promise<Driven> {
  const orders = prepare(budget)
  const publish = (first: number, count: number) => session.publishBatch(orders.slice(first, first + count))
  return drive(budget, load.batchSize, load.batchesInFlight, publish)
}

const sizes = { one: 1, hundred: 100 }

/** Appends of one event or a hundred to streams, each stream by one caller who knows its revision. */
export function append(session: Session, load: Load, budget: Budget, size: keyof typeof sizes): Promise<Driven> {
  const { append } = session
  if (append === undefined || load.appendsInFlight === undefined) throw new Error('this peer has no streams')
  const orders = prepare(budget)
  const revisions = new Map<number, number>()
  return drive(budget, sizes[size], load.appendsInFlight[size], async (first, count, worker) => {
    const revision = revisions.get(worker) ?? 0
    await append(`cart-${worker}`, revision, orders.slice(first, first + count))
    revisions.set(worker, revision + count)
  })
}
