import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EncodedEvent } from '../../event/index.ts'
import type { LogRecord } from '../../store/index.ts'
import type { Group, Held } from './held.ts'
import type { Kinds } from './kinds.ts'
import { Rows } from './rows.ts'
import type { Topics } from './topics.ts'

/** The writing end of the log: hands out positions, and knows the newest one. */
export class Log implements Held {
  readonly #group: Group
  readonly #kinds: Kinds
  readonly #topics: Topics
  readonly #newest: Rows<readonly [position: number, appended: number]>
  readonly #insert: StatementSync
  readonly #insertInStream: StatementSync
  #head = 0
  #lastMs = 0
  #committedHead = 0
  #committedMs = 0
  /** Records of the group under way, while somebody reads at the tail. */
  #fresh: LogRecord[] | undefined

  constructor(database: DatabaseSync, group: Group, kinds: Kinds, topics: Topics) {
    this.#group = group
    this.#kinds = kinds
    this.#topics = topics
    this.#newest = new Rows(database, 'SELECT position, appended FROM millrace_event ORDER BY position DESC LIMIT 1')
    const columns = 'position, kind, appended, time, id, key, expires, attributes, data'
    this.#insert = database.prepare(`INSERT INTO millrace_event (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    this.#insertInStream = database.prepare(
      `INSERT INTO millrace_event (${columns}, stream, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.foreign()
  }

  /** The newest committed position. */
  get head(): number {
    return this.#committedHead
  }

  /** The newest position, those of the transaction under way included. */
  get end(): number {
    return this.#head
  }

  /** The time that the events of the group under way are appended at. It never goes back, whatever the clock does. */
  get nowMs(): number {
    return Math.max(this.#group.nowMs, this.#lastMs)
  }

  /** From now on `taken` hands over the records that were appended, as objects. */
  collect(collect: boolean): void {
    this.#fresh = collect ? [] : undefined
  }

  /** The records that were committed since it was last asked. */
  taken(): readonly LogRecord[] {
    const fresh = this.#fresh
    if (fresh === undefined || fresh.length === 0) return []
    this.#fresh = []
    return fresh
  }

  append(event: EncodedEvent, stream?: string, revision?: number): number {
    const { id, key, expiresMs, attributes, data } = event
    const kind = this.#kinds.intern(event.header)
    const appendedMs = this.nowMs
    const timeMs = event.timeMs - appendedMs
    const position = this.#head + 1
    if (stream === undefined) {
      this.#insert.run(position, kind.id, appendedMs, timeMs, id, key, expiresMs, attributes, data)
    } else {
      // biome-ignore format: one line as its sibling
      this.#insertInStream.run(position, kind.id, appendedMs, timeMs, id, key, expiresMs, attributes, data, stream, revision!)
    }
    this.#head = position
    this.#lastMs = appendedMs
    this.#topics.added(kind.topic, data === null ? 0 : Buffer.byteLength(data), appendedMs)
    this.#fresh?.push({ position, appendedMs, event })
    return position
  }

  committed(): void {
    this.#committedHead = this.#head
    this.#committedMs = this.#lastMs
  }

  rolledBack(): void {
    this.#head = this.#committedHead
    this.#lastMs = this.#committedMs
    if (this.#fresh !== undefined) this.#fresh = []
  }

  foreign(): void {
    const [position, appended] = this.#newest.first() ?? [0, 0]
    this.#head = this.#committedHead = position
    this.#lastMs = this.#committedMs = appended
  }
}
