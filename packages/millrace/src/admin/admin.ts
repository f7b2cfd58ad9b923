import type { StoreState, StoredDelivery, SubscriptionState, TopicState } from '../store/index.ts'
import type { StartPosition } from '../store/index.ts'

/**
 * What an operator does, beside a running application or without one. The command line, the gateway and the console all
 * use this interface. Every change is a unit of work: it is durable when its promise resolves, and running applications
 * notice it by themselves.
 */
export interface Admin {
  inspect(): Promise<StoreState>
  topics(): Promise<readonly TopicState[]>
  subscriptions(): Promise<readonly SubscriptionState[]>
  /** Holds all deliveries of a subscription until it is resumed. @throws SUBSCRIPTION_UNKNOWN */
  pause(subscription: string, reason: string): Promise<void>
  resume(subscription: string): Promise<void>
  /** Moves the subscription, so that everything from there on is handled again (or skipped). */
  rewind(subscription: string, to: StartPosition): Promise<void>
  /** Forgets a subscription and all that is kept for it. @throws LEASE_HELD while an application runs it */
  remove(subscription: string): Promise<void>
  /** Delivers a part of the log to one subscription once more, and leaves its cursor and all others alone. Returns how many. */
  replay(subscription: string, range: ReplayRange): Promise<number>
  readonly deadLetters: DeadLetters
  /** Deliveries that are parked, or wait behind one that is. */
  readonly parked: {
    list(query: KeptListing): Promise<readonly StoredDelivery[]>
    /** Makes them due now. */
    release(subscription: string, positions: readonly number[]): Promise<void>
  }
}

export interface DeadLetters {
  /** Of one subscription or of all, in log order. */
  list(query?: KeptListing): Promise<readonly StoredDelivery[]>
  /** @throws DELIVERY_UNKNOWN */
  show(subscription: string, position: number): Promise<StoredDelivery>
  /** Handles them again, in order for each key, with their attempts counted anew. Returns how many. */
  redrive(subscription: string, positions: readonly number[] | 'all'): Promise<number>
  /** Gives them up for good; they are counted. Returns how many. */
  discard(subscription: string, positions: readonly number[] | 'all'): Promise<number>
  /** Replaces the data of one. @throws DATA_INVALID when it is not JSON */
  edit(subscription: string, position: number, data: unknown): Promise<void>
}

export interface KeptListing {
  readonly subscription?: string
  readonly after?: number
  readonly limit?: number
}

export interface ReplayRange {
  /** After this position; default: from the beginning. */
  readonly after?: number
  /** Up to and including this position; default: the newest. */
  readonly through?: number
  readonly from?: Date
  readonly until?: Date
}

