import type { DatabaseSync } from 'node:sqlite'
import type { StartPosition } from '../../store/index.ts'
import type { Log } from './log.ts'
import { Rows } from './rows.ts'

/** Finds places in the log by time. */
export class Locator {
  readonly #log: Log
  readonly #from: Rows<readonly [position: number, appended: number]>

  constructor(database: DatabaseSync, log: Log) {
    this.#log = log
    this.#from = new Rows(
      database,
      'SELECT position, appended FROM millrace_event WHERE position >= ? ORDER BY position LIMIT 1',
    )
  }

  /** The position after which the events come that a subscription starting there gets. */
  floorOf(start: StartPosition): number {
    if (start === 'beginning') return this.beginning()
    if (start === 'now') return this.#log.end
    return 'position' in start ? Math.max(0, start.position - 1) : this.before(start.time.getTime())
  }

  /** The last position before the first event. */
  beginning(): number {
    const first = this.#from.first(0)
    return first === undefined ? this.#log.end : first[0] - 1
  }

  /** The last position whose event was appended before a time: a binary search, as times never go back. */
  before(timeMs: number): number {
    let low = this.beginning()
    let high = this.#log.end
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2)
      // Where events were deleted, the next one that is left decides.
      const row = this.#from.first(middle)
      if (row !== undefined && row[1] < timeMs) low = row[0]
      else high = middle - 1
    }
    return low
  }
}
