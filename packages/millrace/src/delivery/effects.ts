import type { Append, DocumentWrite, SqlStatement, TimerWrite } from '../store/index.ts'

/** A document as a handler sees it. `version` is undefined where it was written without having been read. */
export interface SeenDocument {
  readonly value: string | null
  readonly version: number | undefined
}

/** A document that was written, with what identifies it and the version it had before. */
export interface PendingDocument {
  readonly collection: string
  readonly key: string
  readonly value: string | null
  readonly expected: number | undefined
  readonly expiresMs: number | null
}

/** What one attempt wants to change. It counts only if the attempt succeeds. */
export class Effects {
  readonly append: Append[] = []
  readonly timers: TimerWrite[] = []
  readonly sql: SqlStatement[] = []
  readonly written = new Map<string, PendingDocument>()
  /** The versions of the documents that were read, so that a write depends on what was read. */
  readonly read = new Map<string, SeenDocument>()
  /** Asynchronous validations that must succeed before the attempt does. */
  readonly checks: Promise<unknown>[] = []
  sealed = false

  check(pending: Promise<unknown>): void {
    // Nobody waits for it any more when the handler itself throws first; that must not count as unhandled.
    pending.catch(() => {})
    this.checks.push(pending)
  }
}

export const documentId = (collection: string, key: string): string => `${collection}\0${key}`

/**
 * The effects of the attempts of one batch that succeeded, in order, until they are taken as one part of a unit. Later
 * attempts of the batch see the documents that earlier ones wrote, also after the part was taken and before it is durable.
 */
export class Batch {
  #append: Append[] = []
  #timers: TimerWrite[] = []
  #sql: SqlStatement[] = []
  #documents = new Map<string, PendingDocument>()
  readonly #seen = new Map<string, SeenDocument>()
  /** The commit of the part that was taken last. */
  #committing: Promise<void> | undefined

  /** The document as an earlier attempt left it; `load` reads it from the store. */
  seen(id: string, load: () => Promise<SeenDocument>): SeenDocument | Promise<SeenDocument> {
    const seen = this.#seen.get(id)
    if (seen === undefined) return load()
    return seen.version === undefined ? this.#pin(id, load) : seen
  }

  /** The part that was taken is being committed. */
  commits(part: Promise<void>): void {
    // Who waits for it in `#pin` is run again if it fails.
    this.#committing = part.catch(() => {})
  }

  /**
   * A document that was written without having been read gets a version check now that a later attempt depends on it: else
   * somebody else's write in between would be lost.
   */
  async #pin(id: string, load: () => Promise<SeenDocument>): Promise<SeenDocument> {
    for (;;) {
      await this.#committing
      const write = this.#documents.get(id)
      const stored = await load()
      if (write === undefined) return stored
      if (this.#documents.get(id) !== write || stored.version === undefined) continue
      this.#documents.set(id, { ...write, expected: stored.version })
      const pinned = { value: write.value, version: stored.version + 1 }
      this.#seen.set(id, pinned)
      return pinned
    }
  }

  absorb(effects: Effects): void {
    if (effects.append.length > 0) this.#append.push(...effects.append)
    if (effects.timers.length > 0) this.#timers.push(...effects.timers)
    if (effects.sql.length > 0) this.#sql.push(...effects.sql)
    for (const [id, write] of effects.written) this.#absorbDocument(id, write)
  }

  /** Several writes to one document in one unit become one: its version grows by one for each unit, not for each write. */
  #absorbDocument(id: string, write: PendingDocument): void {
    const earlier = this.#documents.get(id)
    const expected = earlier === undefined ? write.expected : earlier.expected
    this.#documents.set(id, { ...write, expected })
    const version = write.value === null ? 0 : expected === undefined ? undefined : expected + 1
    this.#seen.set(id, { value: write.value, version })
  }

  take(): { append: Append[]; timers: TimerWrite[]; sql: SqlStatement[]; documents: DocumentWrite[] } {
    const part = {
      append: this.#append,
      timers: this.#timers,
      sql: this.#sql,
      documents: this.#documents.size === 0 ? [] : Array.from(this.#documents.values()),
    }
    this.#append = []
    this.#timers = []
    this.#sql = []
    if (this.#documents.size > 0) this.#documents = new Map()
    return part
  }
}
