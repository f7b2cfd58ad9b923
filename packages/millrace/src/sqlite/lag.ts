import type { DatabaseSync } from 'node:sqlite'
import { decodeRanges } from './cursor.ts'
import { Rows } from './rows.ts'
import type { TopicFilters } from './topic-filter.ts'

/** How many positions are counted over between two turns of the event loop. */
const scanPositions = 50_000

export interface Lag {
  /** Events not settled yet, up to the limit that was asked for. */
  readonly events: number
  /** When the oldest of them was appended. */
  readonly oldestMs: number | undefined
}

/** Counts what a subscription has before it. The log has no index by topic, so it is counted in bounded steps. */
export class LagCounter {
  readonly #filters: TopicFilters
  readonly #next: Rows<readonly [position: number]>
  readonly #count: Rows<readonly [events: number, oldestMs: number | null]>

  constructor(database: DatabaseSync, filters: TopicFilters) {
    this.#filters = filters
    this.#next = new Rows(database, 'SELECT position FROM millrace_event WHERE position >= ? ORDER BY position LIMIT 1')
    this.#count = new Rows(
      database,
      `SELECT count(*), min(appended) FROM (
         SELECT appended FROM millrace_event
         WHERE position >= ? AND position <= ? AND kind IN (SELECT value FROM json_each(?)) LIMIT ?)`,
    )
  }

  /** @param read runs something that reads, again where it met a lock */
  async of(
    cursor: { readonly topics: readonly string[]; readonly floor: number; readonly ranges: string },
    head: number,
    limit: number,
    read: <T>(read: () => T) => Promise<T>,
  ): Promise<Lag> {
    const filter = this.#filters.of(cursor.topics)
    let events = 0
    let oldestMs: number | undefined
    for (const [from, to] of gaps(cursor.floor, decodeRanges(cursor.floor, cursor.ranges), head)) {
      for (let start = from; start <= to && events < limit; ) {
        const [counted, oldest, end] = await read(() => {
          const first = this.#next.first(start)?.[0] ?? to
          const last = Math.min(first - 1 + scanPositions, to)
          return [...this.#count.first(start, last, filter.kinds, limit - events)!, last] as const
        })
        events += counted
        oldestMs ??= oldest ?? undefined
        start = end + 1
        if (start <= to) await new Promise((resolve) => setImmediate(resolve))
      }
      if (events >= limit) break
    }
    return { events, oldestMs }
  }
}

/** The parts of the log that are not settled: from, to, both included. */
function* gaps(floor: number, ranges: readonly number[], head: number): Generator<readonly [from: number, to: number]> {
  let from = floor + 1
  for (let index = 0; index < ranges.length; index += 2) {
    yield [from, Math.min(ranges[index]! - 1, head)]
    from = ranges[index + 1]! + 1
  }
  yield [from, head]
}
