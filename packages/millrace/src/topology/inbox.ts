import { isMillraceError, MillraceError } from '../base/index.ts'
import { type Lease, type TenureEvents, type TenureWork, tell } from '../delivery/index.ts'
import type { EncodedEvent } from '../event/index.ts'
import type { Backpressure } from '../messaging/index.ts'
import type { Count, InboxMark } from '../store/index.ts'
import type { BrokerTransport, Consumer } from '../transport/index.ts'
import { commitWhenFree } from './committing.ts'
import { Gate } from './gate.ts'
import type { RouteRuntime } from './outbox.ts'
import { entering, hasLeft } from './path.ts'

export interface Inbox {
  /** Of its subscription, which has no topics: it is there for its lease, its state and its counts. */
  readonly name: string
  readonly leaseMs: number
  readonly topics: readonly string[]
  readonly group: string
  readonly start: 'beginning' | 'now'
  /** The name of its transport. */
  readonly from: string
  readonly transport: BrokerTransport
  readonly backpressure: Backpressure
}

/** How many messages may be handed over before the first of them is in the log. */
const window = 1_000
/** One message is taken once, through whichever inbox of the store it comes. */
const consumer = '_millrace.inbox'

/**
 * Takes in what a transport delivers: a message is put into the log in one commit with the mark that it was taken, and only
 * then acknowledged. When it comes again it is known by its mark. From the log it goes to the services like any other event.
 */
export class InboxTenure implements TenureWork {
  readonly #inbox: Inbox
  readonly #runtime: RouteRuntime
  readonly #epoch: number
  readonly #on: TenureEvents
  readonly #gate = new Gate()
  #consumer: Consumer | undefined
  #taking: Promise<void> | undefined
  #over = false

  constructor(inbox: Inbox, runtime: RouteRuntime, lease: Lease, on: TenureEvents) {
    this.#inbox = inbox
    this.#runtime = runtime
    this.#epoch = lease.epoch
    this.#on = on
  }

  /** A transport that is out of reach does not keep the application from its start. */
  async start(paused: boolean): Promise<void> {
    if (paused) this.pause()
    this.#subscribe().catch((error: unknown) => this.#lose(error))
  }

  pause(): void {
    this.#gate.close()
  }

  resume(): void {
    this.#gate.open()
  }

  /** Nothing is kept apart. */
  follow(): Promise<void> {
    return Promise.resolve()
  }

  probe(): Promise<boolean> {
    return Promise.resolve(true)
  }

  async stop(drainMs: number): Promise<void> {
    this.#end()
    const late = Promise.withResolvers<void>()
    const cancel = this.#runtime.clock.after(drainMs, late.resolve)
    await Promise.race([Promise.all([this.#consumer?.close(), this.#taking]), late.promise])
    cancel()
  }

  abandon(): void {
    this.#end()
    this.#close()
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

  #close(): void {
    this.#consumer?.close().catch((error: unknown) => this.#runtime.logger.error('A consumer did not close', { error }))
  }

  async #subscribe(): Promise<void> {
    const { group, topics, start, transport } = this.#inbox
    this.#consumer = await transport.subscribe({ group, topics, from: start, window }, (batch) => {
      const taking = this.#receive(batch)
      this.#taking = taking.catch(() => {})
      return taking
    })
    this.#consumer.failed.catch((error: unknown) => this.#lose(error))
    // It ended while it was connecting.
    if (this.#over) this.#close()
  }

  /** @throws what keeps the batch from the log: it is not acknowledged, and comes again */
  async #receive(batch: readonly EncodedEvent[]): Promise<void> {
    await this.#gate.passed()
    if (this.#over) throw new MillraceError('APP_NOT_RUNNING', { phase: 'stopping' })
    const { backpressure } = this.#inbox
    const passage = backpressure.enter(batch.map(({ header }) => header.topic))
    try {
      await passage?.open
      await this.#take(batch)
    } catch (error) {
      this.#lose(error)
      throw error
    } finally {
      passage?.leave()
    }
  }

  async #take(batch: readonly EncodedEvent[]): Promise<void> {
    const { name, leaseMs, from } = this.#inbox
    const counts: Count[] = []
    const fresh = new Map<string, EncodedEvent>()
    for (const event of batch) {
      const message = messageId(event)
      if (hasLeft(event, this.#runtime.storeId)) counts.push({ name: 'returned', subject: event.header.topic, by: 1 })
      else if (fresh.has(message)) counts.push(duplicateOf(event))
      else fresh.set(message, event)
    }
    for (;;) {
      const events = [...fresh.values()]
      try {
        await commitWhenFree(
          this.#runtime,
          {
            append: events.map((event) => ({ event: entering(event, from) })),
            inbox: [...fresh.keys()].map((messageId): InboxMark => ({ consumer, messageId })),
            // Whoever has lost the lease puts nothing into the log any more.
            leases: [{ kind: 'renew', name: `subscription:${name}`, epoch: this.#epoch, ttlMs: leaseMs }],
            counts,
          },
          () => this.#over,
        )
        break
      } catch (error) {
        const duplicate = isMillraceError(error, 'INBOX_DUPLICATE') ? fresh.get(error.fields.messageId) : undefined
        if (duplicate === undefined) throw error
        fresh.delete(messageId(duplicate))
        counts.push(duplicateOf(duplicate))
      }
    }
    tell('deliver', () => ({ subscription: name, taken: fresh.size, of: batch.length }))
  }
}

/** CloudEvents are told from each other by source and id. Ids that a publisher chose are unique within their topic only. */
const messageId = ({ header, id }: EncodedEvent): string => `${header.topic} ${header.source} ${id}`

const duplicateOf = ({ header }: EncodedEvent): Count => ({ name: 'duplicate', subject: header.topic, by: 1 })
