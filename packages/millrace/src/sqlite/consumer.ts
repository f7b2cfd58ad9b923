import { MillraceError } from '../base/index.ts'
import type { LogRecord } from '../store/index.ts'
import type { Consumer, Receive } from '../transport/index.ts'
import type { LogReader } from './read/read-log.ts'
import type { Tail } from './read/tail.ts'
import type { TopicFilter, TopicFilters } from './read/topic-filter.ts'
import type { Leases } from './tables/leases.ts'
import type { Log } from './tables/log.ts'
import type { Subscription } from './tables/subscriptions.ts'

/** How many records are handed over at once at most. */
const maxBatch = 1_000

/** Where consumers read. */
export interface ConsumerSource {
  readonly log: Log
  readonly tail: Tail
  readonly reader: LogReader
  readonly filters: TopicFilters
  readonly leases: Leases
  /** Waits a moment before a read that met a lock; stops the store and throws for any other failure. */
  readonly recover: (error: unknown) => Promise<void>
}

export interface ConsumerOptions {
  readonly topics: readonly string[]
  readonly epoch: number
  readonly window: number
  readonly receive: Receive
  readonly ended: () => void
}

/** Hands the deliveries of one subscription over, as long as its lease stands at the epoch. */
export class LogConsumer implements Consumer {
  readonly epoch: number
  readonly failed: Promise<never>
  readonly #source: ConsumerSource
  readonly #subscription: Subscription
  readonly #options: ConsumerOptions
  readonly #filter: TopicFilter
  readonly #fail: (error: unknown) => void
  #wake: (() => void) | undefined
  /** Something may have changed since it was last looked. */
  #news = true
  #ended = false

  constructor(source: ConsumerSource, subscription: Subscription, options: ConsumerOptions) {
    this.epoch = options.epoch
    this.#source = source
    this.#subscription = subscription
    this.#options = options
    this.#filter = source.filters.of(options.topics)
    const { promise, reject } = Promise.withResolvers<never>()
    this.failed = promise
    this.#fail = reject
    // Whoever does not look at `failed` learns of it by his settlements.
    promise.catch(() => {})
    source.tail.enter()
    void this.#run()
  }

  /** Looks again: something was appended or settled, or the lease may have moved on. */
  notify(): void {
    const actual = this.#source.leases.epochOf(this.#subscription.lease)
    if (actual !== this.epoch) {
      this.end(new MillraceError('LEASE_LOST', { lease: this.#subscription.lease, epoch: this.epoch, actual }))
      return
    }
    const { cursor } = this.#subscription
    const emptyTo = this.#source.tail.emptyTo(cursor.scannedTo, this.#filter)
    if (emptyTo > cursor.scannedTo) cursor.scanned(emptyTo)
    if (cursor.scannedTo >= this.#source.log.head) return
    this.#news = true
    this.#wake?.()
  }

  close(): Promise<void> {
    this.end()
    return Promise.resolve()
  }

  /** Hands nothing over any more. With an error the subscription ended by itself. */
  end(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#source.tail.leave()
    this.#options.ended()
    if (error !== undefined) this.#fail(error)
    this.#wake?.()
  }

  async #run(): Promise<void> {
    try {
      while (!this.#ended) {
        this.#news = false
        const batch = await this.#next()
        if (this.#ended) return
        if (batch === undefined) await this.#untilNews()
        else if (batch.length === 0) await new Promise((resolve) => setImmediate(resolve))
        else await this.#options.receive(batch)
      }
    } catch (error) {
      this.end(error)
    }
  }

  /** The next deliveries; none of them when there may be some further on, undefined when there are none now. */
  async #next(): Promise<readonly LogRecord[] | undefined> {
    for (;;) {
      try {
        return this.#read()
      } catch (error) {
        await this.#source.recover(error)
        if (this.#ended) return undefined
      }
    }
  }

  #read(): readonly LogRecord[] | undefined {
    const { tail, reader, log } = this.#source
    const { cursor } = this.#subscription
    const room = Math.min(this.#options.window - cursor.unsettled, maxBatch)
    const after = cursor.scannedTo
    if (room <= 0 || after >= log.head) return undefined
    const { topics } = this.#options
    const page = tail.read(after, room, this.#filter) ?? reader.page({ after, topics, limit: room })
    const batch = page.records.filter(({ position }) => !cursor.isSettledBeyond(position))
    for (const { position } of batch) cursor.handOut(position)
    cursor.scanned(page.scannedTo)
    return batch
  }

  async #untilNews(): Promise<void> {
    if (this.#news) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
  }
}
