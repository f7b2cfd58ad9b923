import type { DatabaseSync } from 'node:sqlite'
import type { LogPage, LogQuery, StreamQuery, StreamRecord } from '../../store/index.ts'
import { type LogRow, logColumns, recordOf, type StreamRow, streamRecordOf } from '../tables/event-row.ts'
import type { Kinds } from '../tables/kinds.ts'
import { Rows } from '../tables/rows.ts'
import type { TopicFilters } from './topic-filter.ts'

/** How many positions one call looks through for the topics asked for, which takes a few milliseconds. */
const scanPositions = 20_000

/** Reads the log and its streams. */
export class LogReader {
  readonly #kinds: Kinds
  readonly #filters: TopicFilters
  readonly #newest: Rows<readonly [position: number | null]>
  readonly #next: Rows<readonly [position: number]>
  readonly #all: Rows<LogRow>
  readonly #some: Rows<LogRow>
  readonly #stream: Rows<StreamRow>
  readonly #streamBackwards: Rows<StreamRow>

  constructor(database: DatabaseSync, kinds: Kinds, filters: TopicFilters) {
    this.#kinds = kinds
    this.#filters = filters
    this.#newest = new Rows(database, 'SELECT max(position) FROM millrace_event')
    this.#next = new Rows(database, 'SELECT position FROM millrace_event WHERE position > ? ORDER BY position LIMIT 1')
    const between = `SELECT ${logColumns} FROM millrace_event WHERE position > ? AND position <= ?`
    this.#all = new Rows(database, `${between} ORDER BY position LIMIT ?`)
    this.#some = new Rows(database, `${between} AND kind IN (SELECT value FROM json_each(?)) ORDER BY position LIMIT ?`)
    const ofStream = `SELECT ${logColumns}, revision FROM millrace_event WHERE stream = ?`
    this.#stream = new Rows(database, `${ofStream} AND revision >= ? ORDER BY revision LIMIT ?`)
    this.#streamBackwards = new Rows(database, `${ofStream} AND revision <= ? ORDER BY revision DESC LIMIT ?`)
  }

  /** The newest position. */
  head(): number {
    return this.#newest.first()?.[0] ?? 0
  }

  /**
   * Where topics are asked for it looks through a bounded part of the log, so that rare ones do not hold up the event loop:
   * it may return no records, and yet there are more after `scannedTo`.
   * @throws TOPIC_INVALID
   */
  page({ after, topics, limit }: LogQuery): LogPage {
    // Asked first, as other processes go on appending: what is up to here is there already.
    const head = this.head()
    if (after >= head || limit <= 0) return { records: [], scannedTo: after }
    if (topics === undefined) return this.#page(this.#all.all(after, head, limit), limit, head)
    const { kinds } = this.#filters.of(topics)
    if (kinds === '[]') return { records: [], scannedTo: head }
    const next = this.#next.first(after)?.[0] ?? head
    const end = Math.min(next - 1 + scanPositions, head)
    return this.#page(this.#some.all(after, end, kinds, limit), limit, end)
  }

  stream({ stream, from, limit, backwards }: StreamQuery): readonly StreamRecord[] {
    const rows = backwards === true ? this.#streamBackwards : this.#stream
    return rows.all(stream, from, limit).map((row) => streamRecordOf(this.#kinds, row))
  }

  #page(rows: readonly LogRow[], limit: number, end: number): LogPage {
    const records = rows.map((row) => recordOf(this.#kinds, row))
    return { records, scannedTo: records.length === limit ? records.at(-1)!.position : end }
  }
}
