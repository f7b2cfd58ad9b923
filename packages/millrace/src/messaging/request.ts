import { type Clock, type Logger, MillraceError } from '../base/index.ts'
import { type Contract, decodeEvent, validate } from '../event/index.ts'
import type { Store } from '../store/index.ts'
import { keptReply, returnAddress } from './answer.ts'
import type { Message, Published } from './message.ts'
import { type Reply, replyCollection, replyTopic } from './reply.ts'

export interface RequestOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Chosen by the caller: the same request again gets the first answer, and is not handled twice. */
  readonly id?: string
  readonly correlationId?: string
}

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly repeated: boolean
}

const defaultTimeoutMs = 10_000
const pageSize = 256

/** Request-reply over the log: requests carry a return address, replies come back on one topic. */
export class Requester {
  readonly #store: Store
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #instance: string
  readonly #publish: (message: Message) => Promise<Published>
  readonly #waiting = new Map<string, Waiting>()
  #after: number | undefined
  #stopListening: (() => void) | undefined
  #reading = false
  #readAgain = false

  constructor(
    store: Store,
    clock: Clock,
    logger: Logger,
    instance: string,
    publish: (message: Message) => Promise<Published>,
  ) {
    this.#store = store
    this.#clock = clock
    this.#logger = logger
    this.#instance = instance
    this.#publish = publish
  }

  async request(contract: Contract, data: unknown, options: RequestOptions = {}): Promise<unknown> {
    const { timeoutMs = defaultTimeoutMs, signal, id, correlationId } = options
    signal?.throwIfAborted()
    await this.#listen()
    const chosen = id === undefined ? {} : { id }
    const message: Message = {
      contract,
      data,
      options: {
        ...chosen,
        ...(correlationId === undefined ? {} : { correlationId }),
        // After its time nobody waits for the answer to a query; a command is to be done all the same.
        ...(contract.kind === 'query' ? { ttlMs: timeoutMs } : {}),
        extensions: { [returnAddress]: this.#instance, ...(id === undefined ? {} : { [keptReply]: true }) },
      },
    }
    const published = await this.#publish(message)
    const reply = await this.#wait(published, contract, timeoutMs, signal)
    return this.#resultOf(contract, reply)
  }

  stop(): void {
    this.#stopListening?.()
    this.#stopListening = undefined
  }

  async #listen(): Promise<void> {
    this.#after ??= await this.#store.locate('now')
    this.#stopListening ??= this.#store.onCommit(() => this.#read())
  }

  #wait(published: Published, contract: Contract, timeoutMs: number, signal: AbortSignal | undefined): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    const cancelTimer = this.#clock.after(timeoutMs, () =>
      reject(new MillraceError('REQUEST_TIMEOUT', { contract: contract.name, timeoutMs })),
    )
    const onAbort = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', onAbort)
    this.#waiting.set(published.id, { resolve, repeated: published.duplicate })
    this.#read()
    return promise.finally(() => {
      cancelTimer()
      signal?.removeEventListener('abort', onAbort)
      this.#waiting.delete(published.id)
    })
  }

  async #resultOf(contract: Contract, reply: Reply): Promise<unknown> {
    if (reply.ok) {
      if (contract.replySchema === undefined) return undefined
      return validate(`${contract.name} (reply)`, contract.replySchema, reply.value)
    }
    const { name, message, code, details } = reply.error
    if (code === 'COMMAND_REFUSED') {
      throw new MillraceError('COMMAND_REFUSED', details as { reason: string; details: unknown })
    }
    throw new MillraceError('REQUEST_FAILED', { contract: contract.name, name, message, code })
  }

  #read(): void {
    if (this.#reading) {
      this.#readAgain = true
      return
    }
    this.#reading = true
    this.#readReplies()
      .catch((error: unknown) => this.#logger.error('Replies could not be read', { error }))
      .finally(() => {
        this.#reading = false
        if (!this.#readAgain || this.#stopListening === undefined) return
        this.#readAgain = false
        this.#read()
      })
  }

  async #readReplies(): Promise<void> {
    for (;;) {
      const page = await this.#store.readLog({ after: this.#after ?? 0, topics: [replyTopic], limit: pageSize })
      for (const { event: encoded } of page.records) {
        const event = decodeEvent(encoded)
        const waiting = this.#waiting.get(String(event.causationid))
        if (waiting !== undefined) waiting.resolve(event.data as Reply)
        else if (event.subject === this.#instance) await this.#countLate(String(event.causationid))
      }
      if (page.scannedTo === this.#after) break
      this.#after = page.scannedTo
    }
    for (const [id, { repeated, resolve }] of this.#waiting) {
      if (!repeated) continue
      const kept = await this.#store.readDocument(replyCollection.name, id)
      if (kept !== undefined) resolve(JSON.parse(kept.value) as Reply)
    }
  }

  async #countLate(request: string): Promise<void> {
    this.#logger.warn('A reply came too late: nobody waits for it any more', { request })
    await this.#store.commit({ counts: [{ name: 'late-reply', subject: replyTopic, by: 1 }] })
  }
}
