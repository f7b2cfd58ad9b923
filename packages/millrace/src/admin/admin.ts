import type { JsonSchema } from '../event/index.ts'
import type {
  LogRecord,
  StartPosition,
  StoredDelivery,
  StoredTimer,
  StoreState,
  SubscriptionState,
  TopicState,
} from '../store/index.ts'

/**
 * What an operator does, beside a running application or without one. The command line, the gateway and the console all
 * use this interface. Every change is a unit of work: it is durable when its promise resolves, and running applications
 * notice it by themselves. Work on more deliveries than fit into one unit is done in several, in log order: when a later
 * one fails, the earlier ones stand.
 */
export interface Admin {
  inspect(): Promise<StoreState>
  topics(): Promise<readonly TopicState[]>
  subscriptions(): Promise<readonly SubscriptionState[]>
  /** The newest version of every contract that was in use on the store, by name. */
  contracts(): Promise<readonly PublishedContract[]>
  /** Holds all deliveries of a subscription until it is resumed. @throws SUBSCRIPTION_UNKNOWN */
  pause(subscription: string, reason: string): Promise<void>
  /** @throws SUBSCRIPTION_UNKNOWN */
  resume(subscription: string): Promise<void>
  /**
   * Moves the subscription, so that everything from there on is handled again (or skipped). A position is that of the first
   * event handled; a time, the first event appended then or later. Deliveries that are parked or dead and come again by it
   * are handled once, in their order; those whose events are no longer in the log stay as they are.
   * @throws SUBSCRIPTION_UNKNOWN
   */
  rewind(subscription: string, to: StartPosition): Promise<void>
  /** Forgets a subscription and all that is kept for it. @throws SUBSCRIPTION_UNKNOWN, LEASE_HELD while an application runs it */
  remove(subscription: string): Promise<void>
  /**
   * Delivers a part of the log to one subscription once more, and leaves its cursor and all others alone. Only what lies up
   * to its floor: what it has not settled yet comes in any case.
   * @throws SUBSCRIPTION_UNKNOWN
   */
  replay(subscription: string, range: ReplayRange): Promise<Replayed>
  readonly deadLetters: DeadLetters
  readonly parked: Parked
  readonly timers: Timers
  /** Events of topics that match as the log has them, from history into live, until `signal` aborts or the loop ends. */
  tail(topics: readonly string[], options?: TailOptions): AsyncIterableIterator<LogRecord>
}

/** Deliveries that were given up. */
export interface DeadLetters {
  /** Of one subscription or of all, in log order. @throws SUBSCRIPTION_UNKNOWN */
  list(query?: KeptListing): Promise<readonly StoredDelivery[]>
  /** @throws SUBSCRIPTION_UNKNOWN, DELIVERY_UNKNOWN */
  show(subscription: string, position: number): Promise<StoredDelivery>
  /**
   * Handles them again, in order for each key, with their attempts counted anew. Returns how many.
   * @throws SUBSCRIPTION_UNKNOWN, DELIVERY_UNKNOWN
   */
  redrive(subscription: string, positions: readonly number[] | 'all'): Promise<number>
  /** Gives them up for good; they are counted. Returns how many. @throws SUBSCRIPTION_UNKNOWN, DELIVERY_UNKNOWN */
  discard(subscription: string, positions: readonly number[] | 'all'): Promise<number>
  /**
   * Replaces the data of one.
   * @throws SUBSCRIPTION_UNKNOWN, DELIVERY_UNKNOWN, DATA_INVALID when it cannot be written as JSON
   */
  edit(subscription: string, position: number, data: unknown): Promise<void>
}

/** Deliveries that are parked, or wait behind one that is. */
export interface Parked {
  /** Of one subscription or of all, in log order. @throws SUBSCRIPTION_UNKNOWN */
  list(query?: KeptListing): Promise<readonly StoredDelivery[]>
  /**
   * Makes them due now; those that wait behind another go on waiting for that. Returns how many were parked.
   * @throws SUBSCRIPTION_UNKNOWN, DELIVERY_UNKNOWN
   */
  release(subscription: string, positions: readonly number[] | 'all'): Promise<number>
}

/** Messages that are to be published later. */
export interface Timers {
  /** In the order they are due. */
  list(query?: { readonly limit?: number }): Promise<readonly StoredTimer[]>
  /** @throws TIMER_GONE */
  cancel(id: string): Promise<void>
}

export interface KeptListing {
  readonly subscription?: string
  /** Default: from the beginning. */
  readonly after?: number
  /** Default 100. Deliveries of one event to several subscriptions are never parted, so there may be a few more. */
  readonly limit?: number
}

export interface ReplayRange {
  /** After this position; default: from the beginning. */
  readonly after?: number
  /** Up to and including this position; default: the newest. */
  readonly through?: number
  /** Appended at this time or later. */
  readonly from?: Date
  /** Appended before this time. */
  readonly until?: Date
}

export interface Replayed {
  /** How many events are delivered once more. */
  readonly events: number
  /** The last position that was looked at. */
  readonly through: number
}

export interface TailOptions {
  /** Default `now`. A position is that of the first event. */
  readonly from?: StartPosition
  /** False: ends with what was the newest event at the beginning. */
  readonly live?: boolean
  readonly signal?: AbortSignal
}

/** One version of a contract as it was published, with every schema it has had. */
export interface PublishedContract {
  readonly name: string
  readonly version: number
  readonly kind: 'event' | 'command' | 'query'
  readonly topic: string
  /** Oldest first; the last one is in force. */
  readonly schemas: readonly { readonly fingerprint: string; readonly schema: JsonSchema; readonly since: string }[]
}
