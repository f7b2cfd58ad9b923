import type { Failure, KeptDelivery, KeptReason, LogRecord, Settlement, StoredDelivery } from '../store/index.ts'

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

/** The settlement of a work under an epoch. */
export function settlement(
  subscription: string,
  epoch: number,
  work: Work,
  outcome: Settlement['outcome'],
): Settlement {
  return { subscription, epoch, position: work.record.position, kept: work.kept, outcome }
}
