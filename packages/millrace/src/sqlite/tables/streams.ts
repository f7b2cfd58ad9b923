import type { DatabaseSync } from 'node:sqlite'
import type { Held } from './held.ts'
import { Rows } from './rows.ts'

/** When so many streams are known, those that were not used since the last time are forgotten. */
const generation = 5_000

/** The revisions of the streams used last. A stream without events is at -1. */
export class Streams implements Held {
  readonly #newest: Rows<readonly [revision: number | null]>
  readonly #following: Rows<readonly [id: string, position: number]>
  readonly #revisionAt: Rows<readonly [revision: number]>
  #known = new Map<string, number>()
  /** Those of the generation before. */
  #older = new Map<string, number>()

  constructor(database: DatabaseSync) {
    this.#newest = new Rows(database, 'SELECT max(revision) FROM millrace_event WHERE stream = ?')
    this.#following = new Rows(
      database,
      'SELECT id, position FROM millrace_event WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?',
    )
    this.#revisionAt = new Rows(database, 'SELECT revision FROM millrace_event WHERE position = ?')
  }

  revisionOf(stream: string): number {
    const known = this.#known.get(stream) ?? this.#older.get(stream)
    if (known !== undefined) return known
    const revision = this.#newest.first(stream)?.[0] ?? -1
    this.advance(stream, revision)
    return revision
  }

  /** Notes the revision that the transaction under way gives to a stream. */
  advance(stream: string, revision: number): void {
    this.#known.set(stream, revision)
    if (this.#known.size < generation) return
    this.#older = this.#known
    this.#known = new Map()
  }

  /** Ids and positions of the events after a revision. */
  following(stream: string, revision: number, limit: number): readonly (readonly [id: string, position: number])[] {
    return this.#following.all(stream, revision, limit)
  }

  /** The revision of the event of a stream that stands at a position of the log. */
  revisionAt(position: number): number {
    return this.#revisionAt.first(position)![0]
  }

  rolledBack(): void {
    this.#known.clear()
    this.#older.clear()
  }

  foreign(): void {
    this.#known.clear()
    this.#older.clear()
  }
}
