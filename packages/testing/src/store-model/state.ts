import type { ErrorCode, KeptDelivery } from 'millrace/engine'

/** What the port says a store holds, as plain data without any regard for how an engine does it. */
export interface Model {
  nowMs: number
  readonly log: ModelEvent[]
  readonly documents: Map<string, { value: string; version: number }>
  readonly timers: Map<string, number>
  readonly inbox: Set<string>
  readonly leases: Map<string, ModelLease>
  readonly subscriptions: Map<string, ModelSubscription>
  readonly counters: Map<string, number>
}

export interface ModelEvent {
  readonly position: number
  readonly id: string
  readonly unique: boolean
  readonly topic: string
  readonly key: string | null
  readonly stream: string | null
  readonly revision: number
}

export interface ModelLease {
  readonly epoch: number
  /** Null: released. */
  readonly instance: string | null
  readonly untilMs: number
}

export interface ModelSubscription {
  readonly topics: readonly string[]
  readonly settled: Set<number>
  readonly kept: Map<number, ModelKept>
}

export interface ModelKept {
  readonly position: number
  readonly state: 'parked' | 'waiting' | 'trying' | 'dead'
  readonly dueMs: number | null
  readonly orderKey: string | null
  readonly attempts: number
  readonly reason: KeptDelivery['reason']
}

/** What a unit of work must come to: a commit that says this about each append and lease, or a refusal with one of these. */
export interface Prediction {
  readonly refusals: ReadonlySet<ErrorCode>
  readonly appended: readonly PredictedAppend[]
  readonly leases: readonly { readonly name: string; readonly above: number; readonly clean: boolean | undefined }[]
}

/** A new event, or a duplicate of one of these. */
export type PredictedAppend =
  | { readonly event: Omit<ModelEvent, 'position'> }
  | { readonly duplicateOf: readonly ModelEvent[] }

export const emptyModel = (nowMs: number): Model => ({
  nowMs,
  log: [],
  documents: new Map(),
  timers: new Map(),
  inbox: new Set(),
  leases: new Map(),
  subscriptions: new Map(),
  counters: new Map(),
})

export const streamOf = (model: Model, stream: string): ModelEvent[] =>
  model.log.filter((event) => event.stream === stream)

/** Two names as one key; the separator is in none of the names that are generated. */
export const pair = (a: string, b: string): string => `${a}\n${b}`
