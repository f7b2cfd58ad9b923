import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import type { DocumentWrite } from '../../store/index.ts'
import type { Group, Held } from '../tables/held.ts'
import { Rows } from '../tables/rows.ts'

/** How often at most expired documents are looked for, and how many are deleted then. */
const sweepEveryMs = 1_000
const sweepRows = 200

/** A document as the group will leave it. */
interface Pending {
  /** Null: it is deleted. */
  value: string | null
  expiresMs: number | null
  /** By how much its version grows. */
  writes: number
  /** What is in the file does not count: the group has deleted it first, or it has expired. */
  anew: boolean
}

/**
 * Writes of documents. One that has expired is as good as deleted. They are gathered over the group: a document that many
 * units of it write is written once.
 */
export class Documents implements Held {
  readonly #group: Group
  readonly #version: Rows<readonly [version: number]>
  readonly #put: StatementSync
  readonly #replace: StatementSync
  readonly #delete: StatementSync
  readonly #sweep: StatementSync
  /** By collection and key. */
  readonly #pending = new Map<string, Map<string, Pending>>()
  #sweptMs = 0

  constructor(database: DatabaseSync, group: Group) {
    this.#group = group
    this.#version = new Rows(
      database,
      `SELECT version FROM millrace_document
       WHERE collection = ? AND key = ? AND (expires IS NULL OR expires > ?)`,
    )
    this.#put = database.prepare(
      `INSERT INTO millrace_document (collection, key, value, version, expires) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT (collection, key) DO UPDATE SET value = ?3, expires = ?5,
         version = CASE WHEN expires <= ?6 THEN ?4 ELSE version + ?4 END`,
    )
    this.#replace = database.prepare(
      'INSERT OR REPLACE INTO millrace_document (collection, key, value, version, expires) VALUES (?, ?, ?, ?, ?)',
    )
    this.#delete = database.prepare('DELETE FROM millrace_document WHERE collection = ? AND key = ?')
    this.#sweep = database.prepare(
      `DELETE FROM millrace_document WHERE (collection, key) IN
         (SELECT collection, key FROM millrace_document WHERE expires <= ? ORDER BY expires LIMIT ${sweepRows})`,
    )
  }

  /** @throws VERSION_CONFLICT */
  check(writes: readonly DocumentWrite[]): void {
    if (writes.every(({ expected }) => expected === undefined)) return
    // A unit may write one document several times, each on top of the one before.
    const planned = new Map<string, number>()
    for (const { collection, key, value, expected } of writes) {
      const name = JSON.stringify([collection, key])
      const actual = planned.get(name) ?? this.#versionOf(collection, key)
      if (expected !== undefined && expected !== actual) {
        throw new MillraceError('VERSION_CONFLICT', { collection, key, expected, actual })
      }
      if (writes.length > 1) planned.set(name, value === null ? 0 : actual + 1)
    }
  }

  apply(writes: readonly DocumentWrite[]): void {
    for (const { collection, key, value, expiresMs } of writes) {
      const pending = this.#pendingOf(collection, key)
      if (value === null) {
        pending.anew = true
        pending.writes = 0
      } else {
        if (this.#isGone(pending)) {
          pending.anew = true
          pending.writes = 0
        }
        pending.writes++
      }
      pending.value = value
      pending.expiresMs = expiresMs == null ? null : Math.ceil(expiresMs)
    }
  }

  write(): void {
    if (this.#pending.size === 0) return
    const { nowMs } = this.#group
    for (const [collection, documents] of this.#pending) {
      for (const [key, { value, expiresMs, writes, anew }] of documents) {
        if (value === null) this.#delete.run(collection, key)
        else if (anew) this.#replace.run(collection, key, value, writes, expiresMs)
        else this.#put.run(collection, key, value, writes, expiresMs, nowMs)
      }
    }
    if (nowMs - this.#sweptMs < sweepEveryMs) return
    this.#sweptMs = nowMs
    this.#sweep.run(nowMs)
  }

  committed(): void {
    this.#pending.clear()
  }

  rolledBack(): void {
    this.#pending.clear()
    this.#sweptMs = 0
  }

  #versionOf(collection: string, key: string): number {
    const pending = this.#pending.get(collection)?.get(key)
    if (pending !== undefined && this.#isGone(pending)) return 0
    const stored = pending?.anew === true ? 0 : (this.#version.first(collection, key, this.#group.nowMs)?.[0] ?? 0)
    return stored + (pending?.writes ?? 0)
  }

  #pendingOf(collection: string, key: string): Pending {
    let documents = this.#pending.get(collection)
    if (documents === undefined) {
      documents = new Map()
      this.#pending.set(collection, documents)
    }
    let pending = documents.get(key)
    if (pending === undefined) {
      pending = { value: '', expiresMs: null, writes: 0, anew: false }
      documents.set(key, pending)
    }
    return pending
  }

  /** True for a document that the group has deleted, or written with an expiry that has come. */
  #isGone({ value, expiresMs }: Pending): boolean {
    return value === null || (expiresMs !== null && expiresMs <= this.#group.nowMs)
  }
}
