import type { MillraceError } from '../base/index.ts'
import type { EncodedEvent } from '../event/index.ts'
import type { Committed, Unit } from '../store/index.ts'
import type { Consumer, Receive, Transport, TransportCapabilities, TransportSubscription } from '../transport/index.ts'
import { type ConsumerSource, LogConsumer } from './consumer.ts'
import { leaseOf } from './tables/leases.ts'
import type { Subscriptions } from './tables/subscriptions.ts'

export interface LogTransportOptions {
  readonly source: ConsumerSource
  readonly subscriptions: Subscriptions
  readonly commit: (unit: Unit) => Promise<Committed>
  /** Forgets what another process has changed. */
  readonly lookForForeign: () => void
  /** Runs something that reads, again where it met a lock. */
  readonly read: <T>(read: () => T) => Promise<T>
}

/** The log of the store as a transport. */
export class LogTransport implements Transport {
  readonly capabilities: TransportCapabilities = {
    engine: 'sqlite',
    settlesInCommit: true,
    replay: true,
    orderByKey: true,
    wildcards: true,
    maxEventBytes: 64 * 1024 * 1024,
  }
  readonly #options: LogTransportOptions
  readonly #consumers = new Map<string, LogConsumer>()

  constructor(options: LogTransportOptions) {
    this.#options = options
  }

  /** @throws STORE_BUSY, STORE_OVERLOADED, STORE_STOPPED */
  async publish(events: readonly EncodedEvent[]): Promise<void> {
    if (events.length > 0) await this.#options.commit({ append: events.map((event) => ({ event })) })
  }

  /**
   * What was handed to an earlier consumer of the subscription and not settled comes again.
   * @throws SUBSCRIPTION_UNKNOWN, TOPIC_INVALID
   * @throws LEASE_LOST unless the lease of the subscription stands at the epoch
   * @throws LEASE_HELD when it has a consumer of this epoch in this process already
   */
  subscribe(subscription: TransportSubscription, receive: Receive): Promise<Consumer> {
    return this.#options.read(() => this.#consume(subscription, receive))
  }

  close(): Promise<void> {
    for (const consumer of this.#consumers.values()) consumer.end()
    return Promise.resolve()
  }

  /** Something was committed. */
  notify(): void {
    for (const consumer of this.#consumers.values()) consumer.notify()
  }

  /** The store has stopped. */
  fail(error: MillraceError): void {
    for (const consumer of this.#consumers.values()) consumer.end(error)
  }

  #consume({ name, topics, epoch, window }: TransportSubscription, receive: Receive): Consumer {
    const { source, subscriptions } = this.#options
    this.#options.lookForForeign()
    const state = subscriptions.get(name)
    source.leases.assertEpoch(leaseOf(name), epoch)
    const earlier = this.#consumers.get(name)
    if (earlier?.epoch === epoch) throw source.leases.heldError(leaseOf(name))
    earlier?.notify()
    state.cursor.restart()
    const consumer: LogConsumer = new LogConsumer(source, state, {
      topics,
      epoch,
      window,
      receive,
      ended: () => {
        if (this.#consumers.get(name) === consumer) this.#consumers.delete(name)
      },
    })
    this.#consumers.set(name, consumer)
    return consumer
  }
}
