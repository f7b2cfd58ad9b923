import { allKinds, type KindName } from './kind-names.ts'

/** What one process of the workload is to do. It is handed over as JSON, so that a run can be repeated by hand. */
export interface WorkloadOptions {
  /** The store. */
  readonly path: string
  readonly seed: number
  /** The name of this process in the history, unique in the trial: it begins the ids of all that it publishes. */
  readonly process: string
  /** Which kinds of work it does; see `kinds/`. */
  readonly kinds: readonly KindName[]
  /** How many operations it does in all. */
  readonly operations: number
  /** How many of them are under way at once. */
  readonly inFlight: number
  /** How long it pauses between two operations of one of those in flight, in milliseconds. */
  readonly pauseMs: number
  /** Runs the services; otherwise it only publishes and reads. */
  readonly deliver: boolean
  /** Ends only when everything is handled, dead letters included: they are mended and redriven. */
  readonly settle: boolean
  readonly synchronous: 'full' | 'normal'
  readonly leaseMs: number
  readonly busyTimeoutMs: number
  /** The longest time that a handler of a key takes, in milliseconds. */
  readonly handlerMs: number
  /** Operations with ids of the caller's choice whose outcome is not known: they are asked for again. */
  readonly repeat: readonly Repeat[]
}

/** An operation that is to be asked for again. */
export interface Repeat {
  readonly kind: KindName
  readonly operation: string
  /** What it reported as `repeat` when it was asked for. */
  readonly what: unknown
}

/** Every option has a default, so that a fault names only what it is about. */
export const workloadDefaults = {
  kinds: allKinds,
  operations: 400,
  inFlight: 16,
  pauseMs: 0,
  deliver: true,
  settle: false,
  synchronous: 'full',
  leaseMs: 10_000,
  busyTimeoutMs: 5_000,
  handlerMs: 3,
  repeat: [],
} as const satisfies Omit<WorkloadOptions, 'path' | 'seed' | 'process'>
