/** What is known of how an operation ended. A time-out or a process that died tells nothing: that is `indeterminate`. */
export type Outcome = 'ok' | 'failed' | 'indeterminate'

/** A message that somebody asks the system to publish. */
export interface HistoryMessage {
  /** Unique in the history, whatever id the system gives it: a token in the data will do. */
  readonly id: string
  readonly topic: string
  /** Messages of one key are to keep their order. Null: no order is promised. */
  readonly key: string | null
  /** It may not be in the log before this time, in milliseconds since 1970 by the clock that the log's times go by. */
  readonly notBeforeMs?: number
}

/**
 * Something that a client asked of the system. Times are milliseconds on one clock that never goes back and that all
 * recording processes share (on one machine `process.hrtime`).
 */
export interface Operation {
  readonly id: string
  /** Who asked. */
  readonly process: string
  readonly invokedMs: number
  /** When the outcome was known; null when it never was. */
  readonly endedMs: number | null
  readonly outcome: Outcome
  /** What it publishes: all of it or none, in this order. The same message may be in several operations (a repetition). */
  readonly messages: readonly HistoryMessage[]
  /** Where the messages are in the log, as the answer told, one for each; undefined where it does not tell. */
  readonly positions?: readonly (number | undefined)[]
  /** Messages that it takes back (a scheduled message that is cancelled). */
  readonly cancels?: readonly string[]
  /** The messages go to this stream, the first of them at this revision. */
  readonly stream?: { readonly name: string; readonly revision: number }
  /** What it was told about effects, by message: such as the value of a reply. */
  readonly told?: readonly { readonly subscription: string; readonly message: string; readonly value: string }[]
}

/** Who is to handle which messages. */
export interface HistorySubscription {
  readonly name: string
  /** Each message of these topics is to have exactly one effect. */
  readonly topics: readonly string[]
  /** Each message of these has one effect at most: it may expire, or be filtered. */
  readonly mayDrop?: readonly string[]
  /** In the order of the log: the messages of each key, all messages, or none. */
  readonly order: 'key' | 'all' | 'none'
}

/** A durable trace that the handling of one message left, written in the same commit as its acknowledgement. */
export interface Effect {
  readonly subscription: string
  /** The message that was handled. */
  readonly message: string
  /** Its position in the log, as its handler was told. */
  readonly position: number
  /** Published in the same commit: each of them is in the log exactly if this effect is there. */
  readonly publishes?: readonly HistoryMessage[]
  /** Counters that the handler read and raised by one, and what it raised them to. */
  readonly counted?: readonly { readonly counter: string; readonly value: number }[]
  /** What the handler answered; compared with what callers were told. */
  readonly value?: string
}

/** A delivery that lawfully lost its place in the order of its key: it was dead-lettered, and may have come back. */
export interface Detour {
  readonly subscription: string
  readonly message: string
  readonly reason: string
}

/** A delivery that the system still keeps aside and shows (parked, held, dead): not handled, and not lost either. */
export interface KeptAside {
  readonly subscription: string
  readonly message: string
}

/** One record of the log as a reader saw it. */
export interface LoggedMessage {
  readonly position: number
  readonly message: string
  readonly topic: string
  /** When it was appended, in milliseconds since 1970; needed where messages have a `notBeforeMs`. */
  readonly appendedMs?: number
  /** Its place in its stream, if it is in one. */
  readonly stream?: { readonly name: string; readonly revision: number }
}

/** What one reader of the log saw, in the order in which it saw it. */
export interface Reader {
  readonly name: string
  /** The topics it reads; undefined: all. */
  readonly topics?: readonly string[]
  /** It began after this position. */
  readonly after: number
  /** It was told that there is nothing more up to here; at least the position of its last record. */
  readonly through: number
  readonly records: readonly Pick<LoggedMessage, 'position' | 'message'>[]
}

/** A read that followed a wait: the system had said that all of `expected` is there to be seen. */
export interface Wait {
  readonly process: string
  /** What was waited for and where it was read, in words. */
  readonly what: string
  /** Messages that the read had to show. */
  readonly expected: readonly string[]
  /** Messages that it showed. */
  readonly seen: readonly string[]
}

/** All that was observed of a system: plain data, which can be written as JSON and checked anywhere. */
export interface History {
  readonly operations: readonly Operation[]
  readonly subscriptions: readonly HistorySubscription[]
  /** In the order in which they were committed. */
  readonly effects: readonly Effect[]
  /** The whole log, as it was read at the end, in the order of its positions. */
  readonly log: readonly LoggedMessage[]
  readonly readers?: readonly Reader[]
  readonly waits?: readonly Wait[]
  readonly detours?: readonly Detour[]
  readonly keptAside?: readonly KeptAside[]
  /** Topics whose messages may be gone from the log once they were handled (retention). */
  readonly trimmedTopics?: readonly string[]
  /** True when the system was given the time to handle everything. Otherwise what is not handled yet is not lost. */
  readonly settled: boolean
}
