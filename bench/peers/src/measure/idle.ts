import { order } from '../../../src/order.ts'
import type { Order, Peer, Session, Target } from '../peer.ts'

const everyMs = 5
const warmUp = 100
const lateMs = 20_000

/**
 * Publishes an event every 5 ms, whether or not the one before is through; a peer that takes one call at a time gets one at
 * a time. `sent` and `durable` are told the moment of the call that was due, also where it had to wait.
 */
async function publishSteadily(
  { load }: Peer,
  session: Session,
  count: number,
  sent: (each: Order, at: number) => void,
  durable: (at: number) => void,
): Promise<void> {
  const began = performance.now()
  const calls: Promise<void>[] = []
  for (let number = 0; number < count; number++) {
    const left = began + number * everyMs - performance.now()
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left))
    const at = performance.now()
    const each = order(number)
    sent(each, at)
    const publish = async (): Promise<void> => {
      await session.publish(each)
      durable(at)
    }
    const before = load.callsInFlight === 1 ? calls.at(-1) : undefined
    calls.push(before === undefined ? publish() : before.then(publish))
  }
  await Promise.all(calls)
}

/** From the call of publish until it is durable; the first hundred do not count. */
export async function idlePublish(peer: Peer, target: Target, count: number): Promise<readonly number[]> {
  await using session = await peer.open(target)
  const latencies: number[] = []
  const ignore = (): void => {}
  await publishSteadily(peer, session, count + warmUp, ignore, (at) => latencies.push(performance.now() - at))
  return latencies.slice(warmUp)
}

/** From the call of publish until the handler of the event begins; the first hundred do not count. */
export async function idleHandle(peer: Peer, target: Target, count: number): Promise<readonly number[]> {
  const published = new Map<string, number>()
  const latencies: number[] = []
  const all = Promise.withResolvers<void>()
  const handler = ({ orderId }: Order): void => {
    const at = published.get(orderId)
    if (at === undefined) return
    published.delete(orderId)
    latencies.push(performance.now() - at)
    if (latencies.length === count + warmUp) all.resolve()
  }
  await using session = await peer.open({ ...target, handler })
  await publishSteadily(
    peer,
    session,
    count + warmUp,
    (each, at) => published.set(each.orderId, at),
    () => {},
  )
  const tooLate = (): void =>
    all.reject(new Error(`${latencies.length} of ${count + warmUp} handled after ${lateMs / 1_000} s`))
  const timer = setTimeout(tooLate, lateMs)
  await all.promise
  clearTimeout(timer)
  return latencies.slice(warmUp)
}
