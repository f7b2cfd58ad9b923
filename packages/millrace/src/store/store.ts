import type { EncodedEvent } from '../event/index.ts'
import type { Committed, KeptDelivery, SqlStatement, SqlValue, Unit } from './unit.ts'

/**
 * The Store port: keeps what must not be lost. Its one write is `commit`. Positions are whole numbers from 1 on that
 * never go back; readers see every position up to the newest one they were shown, without gaps that fill up later.
 */
export interface Store {
  readonly capabilities: StoreCapabilities
  /**
   * Commits the unit whole or not at all. Resolves when it is durable.
   * @throws REVISION_CONFLICT, VERSION_CONFLICT, TIMER_GONE, INBOX_DUPLICATE, LEASE_HELD, LEASE_LOST: nothing of it was done
   * @throws STORE_STOPPED when the store cannot keep its promise any more (disk full, failed fsync) or is closed
   */
  commit(unit: Unit): Promise<Committed>
  /** Events of the log after a position, oldest first, of the given topics. */
  readLog(query: LogQuery): Promise<LogPage>
  /** Events of one stream, by revision. */
  readStream(query: StreamQuery): Promise<readonly StreamRecord[]>
  /** One document, with its version. */
  readDocument(collection: string, key: string): Promise<StoredDocument | undefined>
  /** Documents of a collection in the order of their keys. */
  readDocuments(query: DocumentQuery): Promise<readonly StoredDocument[]>
  /** Timers in the order they are due. */
  readTimers(query: TimerQuery): Promise<readonly StoredTimer[]>
  /** Deliveries kept apart from the log. */
  readKept(query: KeptQuery): Promise<readonly StoredDelivery[]>
  /** The state of everything an operator asks about. */
  inspect(): Promise<StoreState>
  /** The last position before a time, or before the beginning or the end of the log. */
  locate(at: Date | 'beginning' | 'now'): Promise<number>
  /** One subscription as its consumer must know it; undefined when there is none of that name. */
  readSubscription(name: string, lagLimit?: number): Promise<SubscriptionStatus | undefined>
  /** Calls `listener` after commits, by this process or another one; several may be told as one. Returns what ends that. */
  onCommit(listener: (change: Change) => void): () => void
  /** For stores with the capability `sql`: rows of the caller's own tables. */
  query(statement: SqlStatement): Promise<readonly Readonly<Record<string, SqlValue>>[]>
  /** Waits for the commits under way and lets go of the engine. */
  close(): Promise<void>
}

/** What a store can do, as data. */
export interface StoreCapabilities {
  readonly engine: string
  /** The caller's own SQL commits with the unit. */
  readonly sql: boolean
  /** Several processes may use it at once. */
  readonly sharedByProcesses: boolean
  /** What must fail before a commit that resolved is lost. */
  readonly durability: 'memory' | 'process' | 'power'
}

/** What a wake-up is about, so that a listener need not look when nothing of its own can have changed. */
export interface Change {
  /** The newest position of the log. */
  readonly head: number
  /** Subscriptions of which an operator or another process may have changed something. */
  readonly control: ReadonlySet<string> | 'any'
}

export interface SubscriptionStatus {
  readonly name: string
  readonly topics: readonly string[]
  readonly floor: number
  /** Unsettled events of its topics after the floor, counted up to the limit that was asked for. */
  readonly lag: number
  /** Why it is paused; null when it is not. */
  readonly paused: string | null
  /** How many deliveries are parked, waiting or under trial. */
  readonly pending: number
}

/** An event in the log. */
export interface LogRecord {
  readonly position: number
  readonly appendedMs: number
  readonly event: EncodedEvent
}

export interface StreamRecord extends LogRecord {
  readonly revision: number
}

export interface LogQuery {
  readonly after: number
  /** Topics or patterns; undefined: all. */
  readonly topics?: readonly string[]
  readonly limit: number
}

export interface LogPage {
  readonly records: readonly LogRecord[]
  /** Up to here nothing else matches: where to go on. */
  readonly scannedTo: number
}

export interface StreamQuery {
  readonly stream: string
  readonly from: number
  readonly limit: number
  /** Newest first, from `from` down. */
  readonly backwards?: boolean
}

export interface StoredDocument {
  readonly key: string
  /** JSON text. */
  readonly value: string
  /** 1 for the first write, one more for each later one. */
  readonly version: number
}

export interface DocumentQuery {
  readonly collection: string
  readonly prefix?: string
  readonly after?: string
  readonly limit: number
}

export interface StoredTimer {
  readonly id: string
  readonly dueMs: number
  readonly event: EncodedEvent
}

export interface TimerQuery {
  readonly dueBeforeMs?: number
  readonly limit: number
}

/** `due`: parked or under trial, and its time has come. `pending`: parked, waiting or under trial. `dead`: given up. */
export interface KeptQuery {
  readonly subscription: string
  readonly state: 'due' | 'pending' | 'dead'
  readonly dueBeforeMs?: number
  readonly key?: string
  readonly after?: number
  readonly limit: number
}

export interface StoredDelivery extends KeptDelivery {
  readonly subscription: string
  readonly position: number
  readonly state: 'parked' | 'waiting' | 'trying' | 'dead'
  readonly dueMs: number | null
  readonly keptMs: number
}

export interface StoreState {
  readonly head: number
  readonly topics: readonly TopicState[]
  readonly subscriptions: readonly SubscriptionState[]
  readonly timers: number
  readonly documents: Readonly<Record<string, number>>
  readonly counters: readonly { readonly name: string; readonly subject: string; readonly value: number }[]
  /** Bytes on disk. */
  readonly bytes: number
}

export interface TopicState {
  readonly name: string
  /** Events in the log now, and their bytes of data. */
  readonly events: number
  readonly bytes: number
  /** Events ever appended. */
  readonly appended: number
  readonly types: readonly string[]
  readonly lastMs: number | null
}

export interface SubscriptionState {
  readonly name: string
  readonly topics: readonly string[]
  /** Everything up to here is settled. */
  readonly floor: number
  /** Events of its topics that are not settled yet, kept ones not counted. */
  readonly lag: number
  /** The age of the oldest of them, in milliseconds. */
  readonly lagMs: number
  readonly paused: string | null
  /** The instance whose lease has not lapsed; that of a process which was killed lasts until then. */
  readonly owner: string | null
  readonly parked: number
  readonly waiting: number
  readonly dead: number
  /** How many deliveries ended for which reason. */
  readonly settled: Readonly<Record<string, number>>
}
