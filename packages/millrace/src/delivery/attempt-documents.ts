import { validate } from '../event/index.ts'
import { ByDocument, PendingDocument } from './by-document.ts'
import { type Collection, type Document, documentText } from './collection.ts'
import { assertOpen, type BatchSource, type Effects, type ReadDocument, type SeenDocument } from './effects.ts'
import type { HandlerDocuments } from './handler.ts'
import type { Surroundings } from './surroundings.ts'

/** Documents as one attempt sees them: with its own writes, and those of its batch before it. */
export class AttemptDocuments implements HandlerDocuments {
  readonly #around: Surroundings
  readonly #position: number
  readonly #source: BatchSource
  readonly #effects: Effects

  constructor(around: Surroundings, position: number, source: BatchSource, effects: Effects) {
    this.#around = around
    this.#position = position
    this.#source = source
    this.#effects = effects
  }

  async get<T>(collection: Collection<T>, key: string): Promise<T | undefined> {
    return (await this.read(collection, key))?.value
  }

  async read<T>(collection: Collection<T>, key: string): Promise<Document<T> | undefined> {
    const { value, version = 0 } = await this.#see(collection.name, key)
    return value === null ? undefined : { key, value: JSON.parse(value) as T, version }
  }

  put<T>(collection: Collection<T>, key: string, value: T, options?: { readonly ttlMs?: number }): void {
    assertOpen(this.#effects, this.#around.subscription, this.#position)
    const expiresMs = options?.ttlMs === undefined ? null : this.#around.composer.clock.now() + options.ttlMs
    if (collection.schema === undefined) {
      this.#write(collection.name, key, documentText(collection.name, key, value), expiresMs)
      return
    }
    const write = (checked: T): void =>
      this.#write(collection.name, key, documentText(collection.name, key, checked), expiresMs)
    const output = validate(`${collection.name}/${key}`, collection.schema, value)
    if (output instanceof Promise) this.#effects.check(output.then(write))
    else write(output)
  }

  delete<T>(collection: Collection<T>, key: string): void {
    assertOpen(this.#effects, this.#around.subscription, this.#position)
    this.#write(collection.name, key, null, null)
  }

  /** The document as this attempt sees it: as it wrote it itself, else as it read it first. */
  async #see(collection: string, key: string): Promise<SeenDocument> {
    const load = (): Promise<SeenDocument> => this.#load(collection, key)
    const written = this.#effects.written?.get(collection, key)
    if (written !== undefined) {
      const expected = written.expected ?? (await load()).version
      return { value: written.value, version: expected === undefined ? undefined : expected + 1 }
    }
    const seen = this.#effects.read?.get(collection, key) ?? (await this.#source.batch.seen(collection, key, load))
    // Two reads at once: what is written later depends on the first that came back, so both get that.
    const earlier = this.#effects.read?.get(collection, key)
    if (earlier !== undefined) return earlier
    const first: ReadDocument = { collection, key, value: seen.value, version: seen.version }
    this.#effects.read ??= new ByDocument()
    this.#effects.read.set(first)
    return first
  }

  async #load(collection: string, key: string): Promise<SeenDocument> {
    const stored = await this.#around.store.readDocument(collection, key)
    return stored === undefined ? { value: null, version: 0 } : stored
  }

  #write(collection: string, key: string, value: string | null, expiresMs: number | null): void {
    const effects = this.#effects
    const earlier = effects.written?.get(collection, key)
    const expected = earlier === undefined ? effects.read?.get(collection, key)?.version : earlier.expected
    effects.written ??= new ByDocument()
    effects.written.set(new PendingDocument(collection, key, value, expected, expiresMs))
  }
}
