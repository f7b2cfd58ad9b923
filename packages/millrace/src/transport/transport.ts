import type { EncodedEvent } from '../event/index.ts'
import type { LogRecord } from '../store/index.ts'

/** The Transport port: moves messages between services. */
export interface Transport {
  readonly capabilities: TransportCapabilities
  /** Resolves when the other side has persisted all of them. */
  publish(events: readonly EncodedEvent[]): Promise<void>
  /**
   * Hands over the subscription's deliveries in log order, a batch at a time: the next batch comes after the promise of
   * `receive` resolved, and never more than `window` deliveries are unsettled. That is the backpressure.
   * A delivery is settled by a unit of work (capability `settlesInCommit`).
   */
  subscribe(subscription: TransportSubscription, receive: Receive): Promise<Consumer>
  close(): Promise<void>
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
  readonly replay: boolean
  readonly orderByKey: boolean
  readonly wildcards: boolean
  readonly maxEventBytes: number
}
