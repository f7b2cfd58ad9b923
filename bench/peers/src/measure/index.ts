import type { Peer, Target } from '../peer.ts'
import { handleBacklog } from './handle.ts'
import { idleHandle, idlePublish } from './idle.ts'
import { append, type Budget, type Driven, perSecond, publishBatches, publishSingle } from './publish.ts'

/** What one run of one measurement found: events a second, or latencies in milliseconds. */
export type Outcome =
  | { readonly perSecond: number; readonly events: number }
  | { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }

interface Amount extends Budget {
  /** How many events the latencies are taken from. */
  readonly idleEvents: number
}

interface Measurement {
  readonly title: string
  readonly kind: 'rate' | 'latency'
  /** Whether a peer has it at all. */
  readonly of: (peer: Peer) => boolean
  readonly purpose: Target['purpose']
  run(peer: Peer, target: Target, amount: Amount): Promise<Outcome>
}

const everybody = (): boolean => true
const hasStreams = ({ load }: Peer): boolean => load.appendsInFlight !== undefined

type Driver = (session: Awaited<ReturnType<Peer['open']>>, load: Peer['load'], budget: Budget) => Promise<Driven>

/** A measurement that is a rate of calls on one session. */
const rateOf = (title: string, of: Measurement['of'], driver: Driver): Measurement => ({
  title,
  kind: 'rate',
  of,
  purpose: 'throughput',
  async run(peer, target, amount) {
    await using session = await peer.open(target)
    const result = await driver(session, peer.load, amount)
    return { perSecond: perSecond(result), events: result.done }
  },
})

const latencyOf = (title: string, driver: typeof idlePublish): Measurement => ({
  title,
  kind: 'latency',
  of: everybody,
  purpose: 'latency',
  run: async (peer, target, { idleEvents }) => percentiles(await driver(peer, target, idleEvents)),
})

function percentiles(latenciesMs: readonly number[]): Outcome {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
    if (found === undefined) throw new Error('no latency was measured')
    return Number(found.toFixed(2))
  }
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

/** Everything that is measured of a peer, in the order of the table. */
export const measurements = {
  publishSingle: rateOf('published, single calls', everybody, publishSingle),
  publishBatch: rateOf('published, batches', everybody, publishBatches),
  handle: {
    title: 'handled and acknowledged',
    kind: 'rate',
    of: everybody,
    purpose: 'throughput',
    async run(peer, target, amount) {
      const result = await handleBacklog(peer, target, amount)
      return { perSecond: perSecond(result), events: result.done }
    },
  },
  idlePublish: latencyOf('publish until durable, ms', idlePublish),
  idleHandle: latencyOf('publish until handled, ms', idleHandle),
  append1: rateOf('stream appends of 1', hasStreams, (session, load, budget) => append(session, load, budget, 'one')),
  append100: rateOf('stream appends of 100', hasStreams, (session, load, budget) =>
    append(session, load, budget, 'hundred'),
  ),
} as const satisfies Readonly<Record<string, Measurement>>

export type MeasurementName = keyof typeof measurements
export const measurementNames = Object.keys(measurements) as readonly MeasurementName[]
