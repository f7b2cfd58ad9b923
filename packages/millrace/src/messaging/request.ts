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
  readonly reject: (reason: unknown) => void
  readonly repeated: boolean
}

const defaultTimeoutMs = 10_000
const pageSize = 256

const optionNames = new Set<string>(['timeoutMs', 'signal', 'id', 'correlationId'] satisfies (keyof RequestOptions)[])

function assertRequestOptions(contract: string, options: RequestOptions): void {
  const refuse = (option: string, reason: string): never => {
    throw new MillraceError('CONFIG_INVALID', { option: `${contract}: ${option}`, reason })
  }
  for (const option of Object.keys(options)) if (!optionNames.has(option)) refuse(option, 'there is no such option')
  const { timeoutMs } = options
  if (timeoutMs !== undefined && !(timeoutMs > 0)) refuse('timeoutMs', 'not a positive number of milliseconds')
}

/** Request-reply over the log: requests carry a return address, replies come back on one topic. */
export class Requester {
  readonly #store: Store
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #instance: string
  readonly #publish: (message: Message) => Promise<Published>
  /** By the id of the request; the same one may be waited for several times. */
  readonly #waiting = new Map<string, Set<Waiting>>()
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
    assertRequestOptions(contract.name, options)
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
    const reply = await this.#ask(message, timeoutMs, signal)
    return this.#resultOf(contract, reply)
  }

  stop(): void {
    this.#stopListening?.()
    this.#stopListening = undefined
    const error = new MillraceError('APP_NOT_RUNNING', { phase: 'stopping' })
    for (const all of this.#waiting.values()) for (const { reject } of all) reject(error)
  }

  async #listen(): Promise<void> {
    this.#after ??= await this.#store.locate('now')
    this.#stopListening ??= this.#store.onCommit(() => this.#read())
  }

  async #ask(message: Message, timeoutMs: number, signal: AbortSignal | undefined): Promise<Reply> {
    const reply = Promise.withResolvers<Reply>()
    const ended = Promise.withResolvers<never>()
    const cancelTimer = this.#clock.after(timeoutMs, () =>
      ended.reject(new MillraceError('REQUEST_TIMEOUT', { contract: message.contract.name, timeoutMs })),
    )
    const onAbort = (): void => ended.reject(signal?.reason)
    signal?.addEventListener('abort', onAbort)
    let stopWaiting: (() => void) | undefined
    try {
      // The time runs while it is published, too: backpressure may hold that up.
      const { id, duplicate } = await Promise.race([this.#publish(message), ended.promise])
      stopWaiting = this.#wait(id, { resolve: reply.resolve, reject: ended.reject, repeated: duplicate })
      return await Promise.race([reply.promise, ended.promise])
    } finally {
      cancelTimer()
      signal?.removeEventListener('abort', onAbort)
      stopWaiting?.()
    }
  }

  #wait(id: string, waiting: Waiting): () => void {
    const all = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, all.add(waiting))
    this.#read()
    return () => {
      all.delete(waiting)
      if (all.size === 0) this.#waiting.delete(id)
    }
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
        if (waiting !== undefined) for (const { resolve } of waiting) resolve(event.data as Reply)
        else if (event.subject === this.#instance) await this.#countLate(String(event.causationid))
      }
      if (page.scannedTo === this.#after) break
      this.#after = page.scannedTo
    }
    for (const [id, all] of this.#waiting) {
      const repeated = [...all].filter((waiting) => waiting.repeated)
      const kept = repeated.length === 0 ? undefined : await this.#store.readDocument(replyCollection.name, id)
      if (kept !== undefined) for (const { resolve } of repeated) resolve(JSON.parse(kept.value) as Reply)
    }
  }

  async #countLate(request: string): Promise<void> {
    this.#logger.warn('A reply came too late: nobody waits for it any more', { request })
    await this.#store.commit({ counts: [{ name: 'late-reply', subject: replyTopic, by: 1 }] })
  }
}
