import { type Logger, MillraceError } from '../base/index.ts'
import { type Composer, type Contract, composeEvent, type Event, type EventOptions, validate } from '../event/index.ts'
import type { SqlValue, Store } from '../store/index.ts'
import { type Collection, type Document, documentText } from './collection.ts'
import { type Batch, documentId, type Effects, pushed, put, type SeenDocument } from './effects.ts'
import type { AppendOptions, HandlerContext, HandlerDocuments, PublishOptions, Rows } from './handler.ts'
import { assertAlive, datedBy, dueOf, timerIdOf } from './times.ts'

/** What all handlers of one subscription share. */
export interface Surroundings {
  readonly store: Store
  readonly composer: Composer
  readonly log: Logger
  readonly source: string
  readonly subscription: string
}

/**
 * The context of one attempt. Members are made when they are asked for, because most handlers use few of them and there
 * is one context for every event; they are closures, so that a handler can take the context apart.
 */
export class AttemptContext implements HandlerContext {
  readonly #around: Surroundings
  readonly #event: Event
  readonly #batch: Batch
  readonly #effects: Effects
  readonly #abort: () => AbortSignal
  readonly topic: string
  readonly position: number
  readonly attempt: number

  constructor(
    around: Surroundings,
    event: Event,
    at: { readonly topic: string; readonly position: number; readonly attempt: number },
    batch: Batch,
    effects: Effects,
    abort: () => AbortSignal,
  ) {
    this.#around = around
    this.#event = event
    this.#batch = batch
    this.#effects = effects
    this.#abort = abort
    this.topic = at.topic
    this.position = at.position
    this.attempt = at.attempt
  }

  get subscription(): string {
    return this.#around.subscription
  }

  get signal(): AbortSignal {
    return this.#abort()
  }

  get log(): Logger {
    return this.#around.log
  }

  get publish(): HandlerContext['publish'] {
    return (contract, data, options) => this.#emit(contract, data, options)
  }

  get send(): HandlerContext['send'] {
    return (contract, data, options) => this.#emit(contract, data, options)
  }

  get append(): HandlerContext['append'] {
    return (stream, contract, data, options: AppendOptions = {}) => {
      const { expectedRevision: expected = 'any' } = options
      this.#compose(contract, data, options, (event) => {
        const append = { event, unique: options.id !== undefined, stream: { name: stream, expected } }
        this.#effects.append = pushed(this.#effects.append, append)
      })
    }
  }

  get documents(): HandlerDocuments {
    return {
      get: async (collection, key) => (await this.#read(collection, key))?.value,
      read: (collection, key) => this.#read(collection, key),
      put: (collection, key, value, options) => this.#put(collection, key, value, options?.ttlMs),
      delete: (collection, key) => this.#delete(collection.name, key),
    }
  }

  get sql(): HandlerContext['sql'] {
    return (text, ...parameters) => {
      this.#open()
      if (!this.#around.store.capabilities.sql) {
        const { engine } = this.#around.store.capabilities
        throw new MillraceError('CAPABILITY_MISSING', { engine, capability: 'sql', needed: this.#around.subscription })
      }
      this.#effects.sql = pushed(this.#effects.sql, { text, parameters })
    }
  }

  get query(): HandlerContext['query'] {
    return (text: string, ...parameters: readonly SqlValue[]): Promise<Rows> =>
      this.#around.store.query({ text, parameters })
  }

  /** After the attempt has ended nothing can join its unit any more; to drop it in silence would lose it. */
  #open(): void {
    if (this.#effects.sealed)
      throw new MillraceError('EFFECTS_SEALED', { subscription: this.subscription, position: this.position })
  }

  #emit(contract: Contract, data: unknown, options: PublishOptions | undefined): void {
    const dueMs = dueOf(options, this.#around.composer)
    this.#compose(contract, data, datedBy(options, dueMs), (event) => {
      assertAlive(event, this.#around.composer, dueMs)
      const effects = this.#effects
      if (dueMs === undefined) effects.append = pushed(effects.append, { event, unique: options?.id !== undefined })
      else {
        const id = timerIdOf(event, options?.id !== undefined)
        effects.timers = pushed(effects.timers, { kind: 'set', id, dueMs, event })
      }
    })
  }

  #compose(
    contract: Contract,
    data: unknown,
    options: EventOptions | undefined,
    add: (event: ReturnType<typeof composeEvent>) => void,
  ): void {
    this.#open()
    const { composer, source } = this.#around
    const compose = (output: unknown): void =>
      add(composeEvent(composer, contract, source, data, output, options, this.#event))
    const admitted = composer.admit(contract)
    if (admitted !== undefined) this.#effects.check(admitted)
    const output = validate(contract.name, contract.schema, data)
    if (output instanceof Promise) this.#effects.check(output.then(compose))
    else compose(output)
  }

  async #read<T>(collection: Collection<T>, key: string): Promise<Document<T> | undefined> {
    const id = documentId(collection.name, key)
    const { value, version = 0 } = await this.#see(id, () => this.#load(collection.name, key))
    return value === null ? undefined : { key, value: JSON.parse(value) as T, version }
  }

  /** The document as this attempt sees it: as it wrote it itself, else as it read it first. */
  async #see(id: string, load: () => Promise<SeenDocument>): Promise<SeenDocument> {
    const written = this.#effects.written?.get(id)
    if (written !== undefined) {
      const expected = written.expected ?? (await load()).version
      return { value: written.value, version: expected === undefined ? undefined : expected + 1 }
    }
    const seen = this.#effects.read?.get(id) ?? (await this.#batch.seen(id, load))
    // Two reads at once: what is written later depends on the first that came back, so both get that.
    const first = this.#effects.read?.get(id) ?? seen
    this.#effects.read = put(this.#effects.read, id, first)
    return first
  }

  async #load(collection: string, key: string): Promise<SeenDocument> {
    const stored = await this.#around.store.readDocument(collection, key)
    return stored === undefined ? { value: null, version: 0 } : stored
  }

  #put<T>(collection: Collection<T>, key: string, value: T, ttlMs: number | undefined): void {
    this.#open()
    const expiresMs = ttlMs === undefined ? null : this.#around.composer.clock.now() + ttlMs
    const write = (checked: T): void =>
      this.#write(collection.name, key, documentText(`${collection.name}/${key}`, checked), expiresMs)
    if (collection.schema === undefined) {
      write(value)
      return
    }
    const output = validate(`${collection.name}/${key}`, collection.schema, value)
    if (output instanceof Promise) this.#effects.check(output.then(write))
    else write(output)
  }

  #delete(collection: string, key: string): void {
    this.#open()
    this.#write(collection, key, null, null)
  }

  #write(collection: string, key: string, value: string | null, expiresMs: number | null): void {
    const id = documentId(collection, key)
    const earlier = this.#effects.written?.get(id)
    const expected = earlier === undefined ? this.#effects.read?.get(id)?.version : earlier.expected
    this.#effects.written = put(this.#effects.written, id, { collection, key, value, expected, expiresMs })
  }
}
