import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import type { DocumentWrite } from '../../store/index.ts'
import type { Group, Held } from '../tables/held.ts'
import { Rows } from '../tables/rows.ts'

/** How often at most expired documents are looked for, and how many are deleted then. */
const sweepEveryMs = 1_000
const sweepRows = 200

/** Writes of documents. One that has expired is as good as deleted. */
export class Documents implements Held {
  readonly #group: Group
  readonly #version: Rows<readonly [version: number]>
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #sweep: StatementSync
  #written = false
  #sweptMs = 0

  constructor(database: DatabaseSync, group: Group) {
    this.#group = group
    this.#version = new Rows(
      database,
      `SELECT version FROM millrace_document
       WHERE collection = ? AND key = ? AND (expires IS NULL OR expires > ?)`,
    )
    this.#put = database.prepare(
      `INSERT INTO millrace_document (collection, key, value, version, expires) VALUES (?1, ?2, ?3, 1, ?4)
       ON CONFLICT (collection, key) DO UPDATE SET value = ?3, expires = ?4,
         version = CASE WHEN expires <= ?5 THEN 1 ELSE version + 1 END`,
    )
    this.#delete = database.prepare('DELETE FROM millrace_document WHERE collection = ? AND key = ?')
    this.#sweep = database.prepare(
      `DELETE FROM millrace_document WHERE (collection, key) IN
         (SELECT collection, key FROM millrace_document WHERE expires <= ? ORDER BY expires LIMIT ${sweepRows})`,
    )
  }

  /** @throws VERSION_CONFLICT */
  check(writes: readonly DocumentWrite[]): void {
    if (writes.length === 1) {
      const { collection, key, expected } = writes[0]!
      if (expected !== undefined) assertVersion(collection, key, expected, this.#versionOf(collection, key))
      return
    }
    // A unit may write one document several times, each on top of the one before.
    const planned = new Map<string, number>()
    for (const { collection, key, value, expected } of writes) {
      const name = JSON.stringify([collection, key])
      const actual = planned.get(name) ?? this.#versionOf(collection, key)
      if (expected !== undefined) assertVersion(collection, key, expected, actual)
      planned.set(name, value === null ? 0 : actual + 1)
    }
  }

  apply(writes: readonly DocumentWrite[]): void {
    this.#written = true
    for (const { collection, key, value, expiresMs } of writes) {
      if (value === null) this.#delete.run(collection, key)
      else this.#put.run(collection, key, value, expiresMs == null ? null : Math.ceil(expiresMs), this.#group.nowMs)
    }
  }

  write(): void {
    const { nowMs } = this.#group
    if (!this.#written || nowMs - this.#sweptMs < sweepEveryMs) return
    this.#sweptMs = nowMs
    this.#sweep.run(nowMs)
  }

  committed(): void {
    this.#written = false
  }

  rolledBack(): void {
    this.#written = false
    this.#sweptMs = 0
  }

  #versionOf(collection: string, key: string): number {
    return this.#version.first(collection, key, this.#group.nowMs)?.[0] ?? 0
  }
}

function assertVersion(collection: string, key: string, expected: number, actual: number): void {
  if (expected !== actual) throw new MillraceError('VERSION_CONFLICT', { collection, key, expected, actual })
}
