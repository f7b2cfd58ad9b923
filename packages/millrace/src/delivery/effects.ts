import { MillraceError } from '../base/index.ts'
import type { Append, SqlStatement, TimerWrite, Unit } from '../store/index.ts'
import type { ByDocument, PendingDocument } from './by-document.ts'

/** A document as a handler sees it. `version` is undefined where it was written without having been read. */
export interface SeenDocument {
  readonly value: string | null
  readonly version: number | undefined
}

/** A document that was read, with the version it had. */
export interface ReadDocument extends SeenDocument {
  readonly collection: string
  readonly key: string
}

/** What one attempt wants to change. It counts only if the attempt succeeds. Most change little: nothing is made in advance. */
export class Effects {
  append: Append[] | undefined
  timers: TimerWrite[] | undefined
  sql: SqlStatement[] | undefined
  written: ByDocument<PendingDocument> | undefined
  /** The versions of the documents that were read, so that a write depends on what was read. */
  read: ByDocument<ReadDocument> | undefined
  /** Asynchronous validations that must succeed before the attempt does. */
  checks: Promise<unknown>[] | undefined
  sealed = false

  check(pending: Promise<unknown>): void {
    // Nobody waits for it any more when the handler itself throws first; that must not count as unhandled.
    pending.catch(() => {})
    this.checks = pushed(this.checks, pending)
  }
}

/**
 * After the attempt has ended nothing can join its unit any more; to drop it in silence would lose it.
 * @throws EFFECTS_SEALED
 */
export function assertOpen(effects: Effects, subscription: string, position: number): void {
  if (effects.sealed) throw new MillraceError('EFFECTS_SEALED', { subscription, position })
}

/** The document as it will be when the write is committed. */
const seenOf = ({ value, expected }: PendingDocument): SeenDocument => ({
  value,
  version: value === null ? 0 : expected === undefined ? undefined : expected + 1,
})

/** Where an attempt finds the batch that it is part of, should it ask for it. */
export interface BatchSource {
  readonly batch: Batch
}

/**
 * The effects of the attempts of one batch that succeeded, in order, until they are taken as one part of a unit. Later
 * attempts of the batch see the documents that earlier ones wrote, also after the part was taken and before it is durable.
 */
export class Batch {
  #append: Append[] | undefined
  #timers: TimerWrite[] | undefined
  #sql: SqlStatement[] | undefined
  #documents: ByDocument<PendingDocument> | undefined
  /** The documents of the parts that were taken. */
  #taken: ByDocument<PendingDocument> | undefined
  /** The commit of the part that was taken last. */
  #committing: Promise<void> | undefined

  /** The document as an earlier attempt left it; `load` reads it from the store. */
  seen(collection: string, key: string, load: () => Promise<SeenDocument>): SeenDocument | Promise<SeenDocument> {
    const write = this.#documents?.get(collection, key) ?? this.#taken?.get(collection, key)
    if (write === undefined) return load()
    const seen = seenOf(write)
    return seen.version === undefined ? this.#pin(collection, key, load) : seen
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
  async #pin(collection: string, key: string, load: () => Promise<SeenDocument>): Promise<SeenDocument> {
    for (;;) {
      const committing = this.#committing
      await committing
      // It may have been taken in this very moment.
      if (this.#committing !== committing) continue
      const write = this.#documents?.get(collection, key)
      const stored = await load()
      if (write === undefined) return stored
      if (this.#documents?.get(collection, key) !== write || stored.version === undefined) continue
      const pinned = write.on(stored.version)
      this.#documents.set(pinned)
      return seenOf(pinned)
    }
  }

  absorb({ append, timers, sql, written }: Effects): void {
    if (append !== undefined) this.#append = joined(this.#append, append)
    if (timers !== undefined) this.#timers = joined(this.#timers, timers)
    if (sql !== undefined) this.#sql = joined(this.#sql, sql)
    if (written === undefined) return
    if (this.#documents === undefined) this.#documents = written
    else if (written.only !== undefined) this.#absorbDocument(this.#documents, written.only)
    else for (const write of written.all()) this.#absorbDocument(this.#documents, write)
  }

  /** Several writes to one document in one unit become one: its version grows by one for each unit, not for each write. */
  #absorbDocument(documents: ByDocument<PendingDocument>, write: PendingDocument): void {
    const earlier = documents.get(write.collection, write.key)
    documents.set(earlier === undefined ? write : write.on(earlier.expected))
  }

  take(): Pick<Unit, 'append' | 'timers' | 'sql' | 'documents'> {
    const part: { -readonly [K in 'append' | 'timers' | 'sql' | 'documents']?: NonNullable<Unit[K]> } = {}
    if (this.#append !== undefined) part.append = this.#append
    if (this.#timers !== undefined) part.timers = this.#timers
    if (this.#sql !== undefined) part.sql = this.#sql
    if (this.#documents !== undefined) {
      const documents = this.#documents.all()
      part.documents = documents
      if (this.#taken === undefined) this.#taken = this.#documents
      else for (const write of documents) this.#taken.set(write)
    }
    this.#append = this.#timers = this.#sql = this.#documents = undefined
    return part
  }
}

export function pushed<T>(list: T[] | undefined, item: T): T[] {
  if (list === undefined) return [item]
  list.push(item)
  return list
}

/** The first list is no one else's any more, so it is added to. */
function joined<T>(list: T[] | undefined, more: T[]): T[] {
  if (list === undefined) return more
  for (const item of more) list.push(item)
  return list
}
