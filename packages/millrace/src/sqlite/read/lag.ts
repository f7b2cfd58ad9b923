import type { DatabaseSync } from 'node:sqlite'
import { decodeRanges } from '../tables/cursor.ts'
import { Rows } from '../tables/rows.ts'
import type { TopicFilter, TopicFilters } from './topic-filter.ts'

/** How many positions are counted over between two turns of the event loop: the size of a part. */
const scanPositions = 50_000

export interface Lag {
  /** Events not settled yet, up to the limit that was asked for. */
  readonly events: number
  /** When the oldest of them was appended. */
  readonly oldestMs: number | undefined
}

/** What is kept in the file of where a subscription stands. */
export interface Standing {
  readonly name: string
  readonly topics: readonly string[]
  readonly floor: number
  readonly ranges: string
}

/** Runs something that reads, again where it met a lock. */
export type Read = <T>(read: () => T) => Promise<T>

/** What was counted for a subscription in whole parts of the log that it has not come to. */
interface Counted {
  readonly topics: string
  /** Up to here it had come. */
  after: number
  /** By the number of the part. */
  readonly parts: Map<number, number>
}

/**
 * Counts what a subscription has before it. The log has no index by topic, so it is counted in parts of bounded size. What
 * a whole part has is remembered, as nothing is added to it or deleted while it is ahead: only its ends are counted anew.
 */
export class LagCounter {
  readonly #filters: TopicFilters
  readonly #read: Read
  readonly #next: Rows<readonly [position: number]>
  readonly #oldest: Rows<readonly [position: number, appended: number]>
  readonly #count: Rows<readonly [events: number]>
  readonly #counted = new Map<string, Counted>()

  constructor(database: DatabaseSync, filters: TopicFilters, read: Read) {
    this.#filters = filters
    this.#read = read
    const first = 'FROM millrace_event WHERE position > ? ORDER BY position LIMIT 1'
    this.#next = new Rows(database, `SELECT position ${first}`)
    const matching = 'WHERE position > ? AND position <= ? AND kind IN (SELECT value FROM json_each(?))'
    this.#oldest = new Rows(
      database,
      `SELECT position, appended FROM millrace_event ${matching} ORDER BY position LIMIT 1`,
    )
    this.#count = new Rows(database, `SELECT count(*) FROM (SELECT 1 FROM millrace_event ${matching} LIMIT ?)`)
  }

  async of(standing: Standing, head: number, limit: number): Promise<Lag> {
    const filter = this.#filters.of(standing.topics)
    const { gaps, after } = unsettled(standing)
    let events = 0
    for (const [from, to] of gaps) events += await this.#between(filter, from, Math.min(to, head), limit - events)
    events += await this.#countAhead(standing, filter, after, Math.max(after, head), limit - events)
    if (events === 0) return { events, oldestMs: undefined }
    const [firstGap] = gaps
    const oldest = firstGap && (await this.#oldestIn(filter, firstGap[0], Math.min(firstGap[1], head)))
    return { events, oldestMs: oldest ?? (await this.#oldestIn(filter, after, head)) }
  }

  async #countAhead(
    standing: Standing,
    filter: TopicFilter,
    after: number,
    to: number,
    limit: number,
  ): Promise<number> {
    const parts = this.#partsOf(standing, after)
    let events = 0
    for (let from = after; from < to && events < limit; ) {
      const part = Math.floor(from / scanPositions)
      const end = Math.min((part + 1) * scanPositions, to)
      const isWhole = from % scanPositions === 0 && end === from + scanPositions
      const known = isWhole ? parts.get(part) : undefined
      const wanted = limit - events
      const counted = known ?? (await this.#between(filter, from, end, wanted))
      // A part that reached the limit was not counted to its end.
      if (isWhole && counted < wanted) parts.set(part, counted)
      events += counted
      from = end
      if (known === undefined && from < to) await nextTurn()
    }
    return Math.min(events, limit)
  }

  #partsOf({ name, topics }: Standing, after: number): Map<number, number> {
    const text = topics.join(' ')
    let counted = this.#counted.get(name)
    // After a rewind there may be parts of which something was deleted.
    if (counted === undefined || counted.topics !== text || after < counted.after) {
      counted = { topics: text, after, parts: new Map() }
      this.#counted.set(name, counted)
    }
    counted.after = after
    for (const part of counted.parts.keys()) {
      if (part * scanPositions < after) counted.parts.delete(part)
    }
    return counted.parts
  }

  async #between(filter: TopicFilter, after: number, to: number, limit = Number.MAX_SAFE_INTEGER): Promise<number> {
    let events = 0
    for await (const [from, end] of this.#steps(after, to)) {
      if (events >= limit) break
      events += await this.#read(() => this.#count.first(from, end, filter.kinds, limit - events)![0])
    }
    return events
  }

  async #oldestIn(filter: TopicFilter, after: number, to: number): Promise<number | undefined> {
    for await (const [from, end] of this.#steps(after, to)) {
      const row = await this.#read(() => this.#oldest.first(from, end, filter.kinds))
      if (row !== undefined) return row[1]
    }
    return undefined
  }

  /** Parts of the log of bounded size, with a turn of the event loop between them: after, and up to. */
  async *#steps(after: number, to: number): AsyncGenerator<readonly [after: number, to: number]> {
    for (let from = after; from < to; ) {
      // Positions that were deleted long ago are skipped.
      const start = from
      const next = (await this.#read(() => this.#next.first(start)))?.[0] ?? to
      const end = Math.min(next - 1 + scanPositions, to)
      yield [from, end]
      from = end
      if (from < to) await nextTurn()
    }
  }
}

/** The parts of the log that are open between settled ones, and the position after which nothing is settled. */
function unsettled({ floor, ranges }: Standing): { gaps: (readonly [after: number, to: number])[]; after: number } {
  const gaps: (readonly [number, number])[] = []
  let after = floor
  const ends = decodeRanges(floor, ranges)
  for (let index = 0; index < ends.length; index += 2) {
    gaps.push([after, ends[index]! - 1])
    after = ends[index + 1]!
  }
  return { gaps, after }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
