import { isMillraceError, type MillraceError } from '../base/index.ts'
import { type Lease, type Runtime, type TenureEvents, type TenureWork, tell, withFailure } from '../delivery/index.ts'
import type { EncodedEvent } from '../event/index.ts'
import type { KeptDelivery, LogRecord, Outcome, Settlement } from '../store/index.ts'
import type { BrokerTransport, Consumer } from '../transport/index.ts'
import { commitWhenFree } from './committing.ts'
import { Gate } from './gate.ts'
import { hasCome, leaving } from './path.ts'

/** What all outboxes and inboxes of an application share. */
export interface RouteRuntime extends Pick<Runtime, 'store' | 'log' | 'clock' | 'logger'> {
  /** Names the store, among all that events pass through. */
  readonly storeId: string
}

export interface Outbox {
  /** Of its subscription. */
  readonly name: string
  readonly topics: readonly string[]
  /** The name of its transport. */
  readonly to: string
  readonly transport: BrokerTransport
}

/** How many events are under way to the transport at once. */
const window = 1_000
/** How many redriven events are published at once. */
const keptPage = 500

/** An event that is to go out: from the log, or one that was kept apart from it and is redriven. */
interface Relayed extends LogRecord {
  readonly kept: boolean
}

/**
 * The relay of an outbox: reads the log under its lease and publishes what it reads, in order and batch by batch; settles
 * what the transport has persisted. It stands still while the transport is out of reach, and the log keeps what waits. When
 * it dies between the two, the same events are published again: whoever receives them drops what it has.
 */
export class OutboxTenure implements TenureWork {
  readonly #outbox: Outbox
  readonly #runtime: RouteRuntime
  readonly #epoch: number
  readonly #on: TenureEvents
  readonly #gate = new Gate()
  #consumer: Consumer | undefined
  /** One batch is published at a time, so that order holds. */
  #last: Promise<void> = Promise.resolve()
  readonly #settling = new Set<Promise<void>>()
  #over = false

  constructor(outbox: Outbox, runtime: RouteRuntime, lease: Lease, on: TenureEvents) {
    this.#outbox = outbox
    this.#runtime = runtime
    this.#epoch = lease.epoch
    this.#on = on
  }

  async start(paused: boolean): Promise<void> {
    if (paused) this.pause()
    void this.#inTurn(() => this.#relayKept())
    const { name, topics } = this.#outbox
    const receive = (batch: readonly LogRecord[]): Promise<void> =>
      this.#inTurn(() => this.#relay(batch.map((record) => ({ ...record, kept: false }))))
    this.#consumer = await this.#runtime.log.subscribe({ name, topics, epoch: this.#epoch, window }, receive)
    this.#consumer.failed.catch((error: unknown) => this.#lose(error))
  }

  pause(): void {
    this.#gate.close()
  }

  resume(): void {
    this.#gate.open()
  }

  async follow(pending: number): Promise<void> {
    if (pending > 0) void this.#inTurn(() => this.#relayKept())
  }

  /** No error of its own pauses it. */
  probe(): Promise<boolean> {
    return Promise.resolve(true)
  }

  async stop(drainMs: number): Promise<void> {
    this.#end()
    const drained = Promise.all([this.#last, ...this.#settling])
    const late = Promise.withResolvers<void>()
    const cancel = this.#runtime.clock.after(drainMs, late.resolve)
    await Promise.race([drained, late.promise])
    cancel()
    await this.#consumer?.close()
  }

  abandon(): void {
    this.#end()
    this.#consumer?.close().catch((error: unknown) => this.#runtime.logger.error('A consumer did not close', { error }))
  }

  #end(): void {
    this.#over = true
    this.#gate.open()
  }

  #lose(error: unknown): void {
    if (this.#over) return
    this.#end()
    this.#on.lost(error)
  }

  /** Runs it after what was begun before. What it fails with ends the tenure: another one begins anew where this one stood. */
  #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(async () => {
      await this.#gate.passed()
      if (!this.#over) await task()
    })
    this.#last = turn.catch((error: unknown) => this.#lose(error))
    return this.#last
  }

  /** Deliveries that an operator redrives or replays go before what follows in the log. */
  async #relayKept(): Promise<void> {
    const { store } = this.#runtime
    while (!this.#over) {
      const due = await store.readKept({ subscription: this.#outbox.name, state: 'due', limit: keptPage })
      if (due.length === 0) return
      const records = due.map(({ position, keptMs, event }) => ({ position, appendedMs: keptMs, event, kept: true }))
      await this.#relay(records.toSorted((a, b) => a.position - b.position))
      // What waits behind one of its key becomes due when that one is settled.
      await Promise.all(this.#settling)
    }
  }

  async #relay(records: readonly Relayed[]): Promise<void> {
    const { to, transport } = this.#outbox
    const { clock, storeId } = this.#runtime
    const now = clock.now()
    const leave: EncodedEvent[] = []
    const settle = records.map((record) => {
      const { event } = record
      const reason = hasCome(event, to) ? 'filtered' : hasExpired(event, now) ? 'expired' : 'handled'
      if (reason === 'handled') leave.push(leaving(event, storeId))
      return this.#settlement(record, { kind: 'ack', reason })
    })
    try {
      if (leave.length > 0) await transport.publish(leave)
      this.#settle(settle)
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (records.length > 1) await this.#relayEach(records)
      else this.#settle([this.#settlement(records[0]!, { kind: 'dead', delivery: this.#givenUp(records[0]!, error) })])
    }
  }

  /** One that the transport refuses for good does not hold up the others; but it is given up before they go on. */
  async #relayEach(records: readonly Relayed[]): Promise<void> {
    for (const record of records) {
      if (this.#over) return
      await this.#relay([record])
      await Promise.all(this.#settling)
    }
  }

  #givenUp({ event, position }: Relayed, error: MillraceError): KeptDelivery {
    const { logger, clock } = this.#runtime
    const about = { subscription: this.#outbox.name, position, type: event.header.type, id: event.id, error }
    logger.error('A transport refuses an event; it is dead-lettered', about)
    tell('dead-letter', () => about)
    const history = withFailure([], error, clock.now())
    return { event, orderKey: event.key, attempts: 1, deaths: 0, reason: 'fatal', history }
  }

  #settlement({ position, kept }: Relayed, outcome: Outcome): Settlement {
    return { subscription: this.#outbox.name, epoch: this.#epoch, position, kept, outcome }
  }

  /** The next batch is published meanwhile. */
  #settle(settle: readonly Settlement[]): void {
    const settling = commitWhenFree(this.#runtime, { settle }, () => this.#over)
      .then(() => tell('settle', () => ({ subscription: this.#outbox.name, settled: settle })))
      .catch((error: unknown) => this.#lose(error))
      .finally(() => this.#settling.delete(settling))
    this.#settling.add(settling)
  }
}

const hasExpired = ({ expiresMs }: EncodedEvent, now: number): boolean => expiresMs !== null && expiresMs <= now

const isRefusal = (error: unknown): error is MillraceError => isMillraceError(error) && !error.retryable
