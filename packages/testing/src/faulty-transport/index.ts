import {
  type BrokerSubscription,
  type BrokerTransport,
  type Clock,
  type Consumer,
  compilePatterns,
  type EncodedEvent,
  MillraceError,
  systemClock,
  type TransportCapabilities,
  type TransportEngine,
} from 'millrace/engine'
import { noFaults, type TransportFaults } from './faults.ts'
import { Group } from './group.ts'

export type { TransportFaults } from './faults.ts'

export interface FaultyTransportOptions {
  /** Whose time passes while something is under way. Default: that of the machine. */
  readonly clock?: Clock
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
  /** What it says that it can do. Default: everything that a broker can. */
  readonly capabilities?: Partial<TransportCapabilities>
  readonly faults?: Partial<TransportFaults>
  /** Which events it refuses for good, as brokers do with what is too large or not allowed. Default: none. */
  readonly refuses?: (event: EncodedEvent) => boolean
}

/** A broker in memory that does what brokers do to those who rely on them, and keeps what it has acknowledged. */
export interface FaultyTransport {
  /** For the `transports` of an application; each one that opens it has a connection of its own. */
  readonly engine: TransportEngine
  /** Everything that was persisted, in order. */
  readonly persisted: readonly EncodedEvent[]
  /** How many events a consumer group has not acknowledged yet; undefined when it has never subscribed. */
  unacknowledged(group: string): number | undefined
  /** All connections are lost, and none can be made until `up`. */
  down(): void
  up(): void
  /** From now on these faults happen, and no others. */
  setFaults(faults: Partial<TransportFaults>): void
}

const retryAfterMs = 5

/** Makes a broker in memory, without faults unless some are asked for. */
export function faultyTransport(options: FaultyTransportOptions = {}): FaultyTransport {
  const broker = new Broker(options)
  return {
    engine: { engine: 'faulty', open: () => Promise.resolve(broker.connect()) },
    persisted: broker.persisted,
    unacknowledged: (group) => broker.groups.get(group)?.size,
    down: () => broker.down(),
    up: () => {
      broker.isDown = false
    },
    setFaults: (faults) => {
      broker.faults = { ...noFaults, ...faults }
    },
  }
}

class Broker {
  readonly persisted: EncodedEvent[] = []
  readonly groups = new Map<string, Group>()
  readonly #consumers = new Set<FaultyConsumer>()
  readonly #options: FaultyTransportOptions
  readonly #clock: Clock
  readonly #random: () => number
  faults: TransportFaults
  isDown = false

  constructor(options: FaultyTransportOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.faults = { ...noFaults, ...options.faults }
  }

  connect(): BrokerTransport {
    const mine = new Set<FaultyConsumer>()
    let isOpen = true
    const assertOpen = (): void => {
      if (!isOpen) throw new Error('The connection is closed')
    }
    // What is sent on one connection arrives in order.
    let last: Promise<void> = Promise.resolve()
    return {
      capabilities: {
        engine: 'faulty',
        settlesInCommit: false,
        replay: true,
        orderByKey: true,
        wildcards: true,
        maxEventBytes: 64 * 1024 * 1024,
        ...this.#options.capabilities,
      },
      publish: (events) => {
        const published = last.then(() => {
          assertOpen()
          return this.#publish(events)
        })
        last = published.catch(() => {})
        return published
      },
      subscribe: async (subscription, receive) => {
        await this.underWay()
        assertOpen()
        const consumer = this.#consume(subscription, receive)
        mine.add(consumer)
        return consumer
      },
      close: async () => {
        isOpen = false
        for (const consumer of mine) await consumer.close()
      },
    }
  }

  down(): void {
    this.isDown = true
    for (const consumer of [...this.#consumers]) consumer.lose()
  }

  happens(fault: keyof TransportFaults): boolean {
    return this.faults[fault] > 0 && this.#random() < this.faults[fault]
  }

  /** Lets time pass, as it does on the way. @throws when the broker cannot be reached */
  async underWay(): Promise<void> {
    const { delayMs } = this.faults
    if (delayMs > 0) await this.#after(this.#random() * delayMs)
    if (this.isDown) throw new Error('The broker cannot be reached')
  }

  async later(): Promise<void> {
    await this.#after(retryAfterMs)
  }

  /** What it had is there for the others. */
  ended(consumer: FaultyConsumer): void {
    this.#consumers.delete(consumer)
    for (const other of this.#consumers) other.wake()
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve)
    })
  }

  async #publish(events: readonly EncodedEvent[]): Promise<void> {
    await this.underWay()
    const refused = events.find((event) => this.#options.refuses?.(event))
    if (refused !== undefined) {
      throw new MillraceError('EVENT_INVALID', {
        attribute: 'data',
        reason: `of '${refused.id}' is refused by the broker`,
      })
    }
    if (this.happens('refusedPublishes')) throw new Error('The broker refuses for now')
    const isPartial = this.happens('partialPublishes')
    const count = isPartial ? Math.floor(this.#random() * events.length) : events.length
    for (const event of events.slice(0, count)) {
      this.#persist(event)
      if (this.happens('duplicates')) this.#persist(event)
    }
    for (const consumer of this.#consumers) consumer.wake()
    await this.underWay()
    if (isPartial || this.happens('lostAnswers')) throw new Error('The connection was lost')
  }

  #persist(event: EncodedEvent): void {
    this.persisted.push(event)
    for (const group of this.groups.values()) group.add(event)
  }

  #consume(
    subscription: BrokerSubscription,
    receive: (batch: readonly EncodedEvent[]) => Promise<void>,
  ): FaultyConsumer {
    const matches = compilePatterns(subscription.topics)
    let group = this.groups.get(subscription.group)
    if (group === undefined) {
      group = new Group(matches)
      this.groups.set(subscription.group, group)
      if (subscription.from === 'beginning') for (const event of this.persisted) group.add(event)
    }
    group.matches = matches
    const consumer = new FaultyConsumer(this, group, subscription.window, receive)
    this.#consumers.add(consumer)
    void consumer.run()
    return consumer
  }
}

/** One consumer of a group, until it is closed or its connection is lost. */
class FaultyConsumer implements Consumer {
  readonly failed: Promise<never>
  readonly #broker: Broker
  readonly #group: Group
  readonly #window: number
  readonly #receive: (batch: readonly EncodedEvent[]) => Promise<void>
  readonly #fail: (error: unknown) => void
  #ended = false
  #wake: (() => void) | undefined

  constructor(
    broker: Broker,
    group: Group,
    window: number,
    receive: (batch: readonly EncodedEvent[]) => Promise<void>,
  ) {
    this.#broker = broker
    this.#group = group
    this.#window = window
    this.#receive = receive
    const { promise, reject } = Promise.withResolvers<never>()
    this.failed = promise
    this.#fail = reject
    promise.catch(() => {})
  }

  close(): Promise<void> {
    this.#end()
    return Promise.resolve()
  }

  /** The connection is lost: what it has comes again, also what is just being handled. */
  lose(): void {
    this.#end()
    this.#fail(new Error('The connection to the broker was lost'))
  }

  wake(): void {
    this.#wake?.()
  }

  async run(): Promise<void> {
    while (!this.#ended) {
      const { faults } = this.#broker
      const skips = faults.reorders > 0 && this.#broker.happens('reorders')
      const batch = this.#group.take(this, this.#window, () => skips && this.#broker.happens('reorders'))
      if (batch.length === 0) await this.#news(skips)
      else await this.#handOver(batch)
    }
  }

  async #handOver(batch: ReturnType<Group['take']>): Promise<void> {
    const broker = this.#broker
    try {
      await broker.underWay()
      if (this.#ended) return
      if (broker.happens('lostConnections')) void broker.later().then(() => this.lose())
      await this.#receive(batch.map(({ event }) => event))
      await broker.underWay()
      if (broker.happens('lostAcknowledgements')) this.#group.giveBack(this, batch)
      else this.#group.acknowledge(batch, this)
    } catch {
      // Whoever refuses a batch gets it again.
      this.#group.giveBack(this, batch)
      await broker.later()
    }
  }

  async #news(atOnce: boolean): Promise<void> {
    if (atOnce) return this.#broker.later()
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#group.giveBack(this)
    this.#broker.ended(this)
    this.#wake?.()
  }
}
