import type { EncodedEvent } from '../event/index.ts'
import type { LogRecord } from '../store/index.ts'

/**
 * The Transport port: moves messages between services. The log of a store is one, whose deliveries are settled by units of
 * work (capability `settlesInCommit`); a broker is another (`BrokerTransport`).
 */
export interface Transport<Wanted = TransportSubscription, Delivered = LogRecord> {
  readonly capabilities: TransportCapabilities
  /**
   * Resolves when the other side has persisted all of them, those of one key in this order. When it rejects, some may have
   * been persisted all the same, but none without those of its key before it.
   */
  publish(events: readonly EncodedEvent[]): Promise<void>
  /**
   * Hands over the subscription's deliveries in order, a batch at a time: the next batch comes after the promise of
   * `receive` has settled, and never more than `window` deliveries are under way. That is the backpressure.
   */
  subscribe(subscription: Wanted, receive: (batch: readonly Delivered[]) => Promise<void>): Promise<Consumer>
  close(): Promise<void>
}

/**
 * A transport that does not commit with a store. It is reached through the log: what is published to it is in the log
 * first, and what it delivers is put there first.
 *
 * - `publish` rejects with an error that is not retryable where an event can never be published; whatever else it rejects
 *   with is taken for an outage, and the same events come again.
 * - A `receive` that resolves acknowledges its batch; what it rejects comes again, and so may what was acknowledged.
 * - `subscribe` rejects while the broker cannot be reached, and so does `failed` of its consumer when the connection is
 *   lost: whoever subscribed subscribes again.
 * - Whoever consumes a key has it alone until its connection ends, where the capability `orderByKey` is claimed.
 */
export type BrokerTransport = Transport<BrokerSubscription, EncodedEvent>

export interface BrokerSubscription {
  /** Who consumes: consumers of one group share its deliveries, and the broker remembers how far the group came. */
  readonly group: string
  /** Topics or patterns. */
  readonly topics: readonly string[]
  /** Where a group begins that the broker does not know. */
  readonly from: 'beginning' | 'now'
  readonly window: number
}

export interface TransportSubscription {
  readonly name: string
  /** Topics or patterns. */
  readonly topics: readonly string[]
  /** The epoch of the subscription's lease. */
  readonly epoch: number
  readonly window: number
}

export type Receive = (batch: readonly LogRecord[]) => Promise<void>

export interface Consumer {
  /** Resolves when no more deliveries will come. */
  close(): Promise<void>
  /** Rejects when the subscription ended by itself: its lease was lost or its store stopped. */
  readonly failed: Promise<never>
}

/** What a transport can do, as data. An application that needs what is missing here fails at start. */
export interface TransportCapabilities {
  readonly engine: string
  /** Acknowledgements commit together with the handler's unit. */
  readonly settlesInCommit: boolean
  /** A new subscription can begin with what was published before. */
  readonly replay: boolean
  /** Deliveries of one key come in the order in which they were published, also when they come again. */
  readonly orderByKey: boolean
  /** Subscriptions may name patterns. */
  readonly wildcards: boolean
  /** The largest data of one event. */
  readonly maxEventBytes: number
}
