import type {
  AckReason,
  Failure,
  KeptDelivery,
  KeptReason,
  LogRecord,
  Outcome,
  Settlement,
  StoredDelivery,
} from '../store/index.ts'

/** One delivery on its way through a subscription's lanes. */
export interface Work {
  readonly record: LogRecord
  /** Deliveries of one order key are handled one after the other; null: no order. */
  readonly orderKey: string | null
  /** The store keeps it apart from the log. */
  readonly kept: boolean
  readonly attempts: number
  readonly deaths: number
  readonly history: readonly Failure[]
  /** It may have been what killed the process. */
  readonly suspect: boolean
  /** An operator wants it handled, also if it has expired. */
  readonly wanted: boolean
}

/** A delivery that comes from the log. Classes and no literals, as V8 would make literals of this lifetime in the old space. */
export class FreshWork implements Work {
  readonly record: LogRecord
  readonly orderKey: string | null
  readonly suspect: boolean
  readonly kept = false
  readonly attempts = 0
  readonly deaths = 0
  readonly history: readonly Failure[] = none
  readonly wanted = false

  constructor(record: LogRecord, orderKey: string | null, suspect: boolean) {
    this.record = record
    this.orderKey = orderKey
    this.suspect = suspect
  }
}

const none: readonly Failure[] = Object.freeze([])

/** How many failures a delivery remembers: the first one and the last ones. */
const longestHistory = 20

/** The delivery as the store is to keep it. */
export function keptDelivery(work: Work, reason: KeptReason, change: Partial<KeptDelivery> = {}): KeptDelivery {
  return {
    event: work.record.event,
    orderKey: work.orderKey,
    attempts: work.attempts,
    deaths: work.deaths,
    history: work.history,
    reason,
    ...change,
  }
}

/** @param orderKey the one it has in this process's way of dispatching, of which an operator who replays knows nothing */
export function workOfKept(kept: StoredDelivery, orderKey: string | null, suspect: boolean): Work {
  return {
    record: { position: kept.position, appendedMs: kept.keptMs, event: kept.event },
    orderKey,
    kept: true,
    attempts: kept.attempts,
    deaths: kept.deaths,
    history: kept.history,
    suspect,
    wanted: kept.reason === 'redriven' || kept.reason === 'replayed',
  }
}

/** The history with one more failure. */
export function withFailure(history: readonly Failure[], error: unknown, atMs: number): readonly Failure[] {
  const grown = [...history, failureOf(error, atMs)]
  return grown.length <= longestHistory ? grown : [grown[0]!, ...grown.slice(grown.length - longestHistory + 1)]
}

const longestTextChars = 4_000

function failureOf(error: unknown, atMs: number): Failure {
  if (!(error instanceof Error)) {
    return { atMs, code: null, name: typeof error, message: cut(String(error)), stack: null }
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  return {
    atMs,
    code,
    name: error.name,
    message: cut(error.message),
    stack: error.stack === undefined ? null : cut(error.stack),
  }
}

const cut = (text: string): string => (text.length <= longestTextChars ? text : `${text.slice(0, longestTextChars)}…`)

/** How one work under an epoch of its subscription's lease ended. */
export class WorkSettlement implements Settlement {
  readonly subscription: string
  readonly epoch: number
  readonly position: number
  readonly kept: boolean
  readonly outcome: Outcome

  constructor(subscription: string, epoch: number, work: Work, outcome: Outcome) {
    this.subscription = subscription
    this.epoch = epoch
    this.position = work.record.position
    this.kept = work.kept
    this.outcome = outcome
  }
}

const acknowledgements = new Map<AckReason, Outcome>()

export function acknowledgement(reason: AckReason): Outcome {
  let outcome = acknowledgements.get(reason)
  if (outcome === undefined) {
    outcome = Object.freeze({ kind: 'ack', reason })
    acknowledgements.set(reason, outcome)
  }
  return outcome
}
