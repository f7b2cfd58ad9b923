import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Trim } from '../../store/index.ts'
import type { Floors } from '../tables/floors.ts'
import type { Log } from '../tables/log.ts'
import { Rows } from '../tables/rows.ts'
import type { Topic, Topics } from '../tables/topics.ts'

/** How many rows of the log one trim looks at: a few milliseconds. The next one goes on where it ended. */
const scanRows = 50_000

type Candidate = readonly [position: number, bytes: number]

/**
 * Retention and compaction. The log has no index by topic or key, so both remember how far they have looked: a trim costs
 * what is new since the last one, and what it deletes.
 */
export class Trims {
  readonly #log: Log
  readonly #topics: Topics
  readonly #floors: Floors
  readonly #marks: Rows<readonly [trimFrom: number, compactedTo: number]>
  readonly #setTrimFrom: StatementSync
  readonly #setCompactedTo: StatementSync
  readonly #next: Rows<readonly [position: number]>
  readonly #scan: Rows<readonly [position: number, bytes: number, inStream: 0 | 1]>
  readonly #scanKeys: Rows<readonly [position: number, key: string]>
  readonly #latest: Rows<readonly [position: number]>
  readonly #setLatest: StatementSync
  readonly #supersede: StatementSync
  readonly #superseded: Rows<readonly [position: number, bytes: number | null]>
  readonly #forget: StatementSync
  readonly #delete: StatementSync

  constructor(database: DatabaseSync, log: Log, topics: Topics, floors: Floors) {
    this.#log = log
    this.#topics = topics
    this.#floors = floors
    this.#marks = new Rows(database, 'SELECT trim_from, compacted_to FROM millrace_topic WHERE id = ?')
    this.#setTrimFrom = database.prepare('UPDATE millrace_topic SET trim_from = ? WHERE id = ?')
    this.#setCompactedTo = database.prepare('UPDATE millrace_topic SET compacted_to = ? WHERE id = ?')
    this.#next = new Rows(database, 'SELECT position FROM millrace_event WHERE position > ? ORDER BY position LIMIT 1')
    const ofTopic = `position > ? AND position <= ? AND kind IN (SELECT id FROM millrace_kind WHERE topic = ?)`
    this.#scan = new Rows(
      database,
      `SELECT position, ifnull(octet_length(data), 0), stream IS NOT NULL FROM millrace_event
       WHERE ${ofTopic} ORDER BY position`,
    )
    this.#scanKeys = new Rows(
      database,
      `SELECT position, key FROM millrace_event WHERE ${ofTopic} AND key IS NOT NULL ORDER BY position`,
    )
    this.#latest = new Rows(database, 'SELECT position FROM millrace_latest WHERE topic = ? AND key = ?')
    this.#setLatest = database.prepare('INSERT OR REPLACE INTO millrace_latest (topic, key, position) VALUES (?, ?, ?)')
    this.#supersede = database.prepare('INSERT OR IGNORE INTO millrace_superseded (topic, position) VALUES (?, ?)')
    this.#superseded = new Rows(
      database,
      `SELECT s.position, CASE WHEN e.stream IS NULL THEN ifnull(octet_length(e.data), 0) END
       FROM millrace_superseded s JOIN millrace_event e ON e.position = s.position
       WHERE s.topic = ? AND s.position <= ? ORDER BY s.position LIMIT ?`,
    )
    this.#forget = database.prepare('DELETE FROM millrace_superseded WHERE topic = ? AND position <= ?')
    this.#delete = database.prepare('DELETE FROM millrace_event WHERE position = ?')
  }

  /** The number of events deleted. */
  apply(trims: readonly Trim[]): number {
    let trimmed = 0
    for (const { kind, topic: name, through, limit } of trims) {
      const topic = this.#topics.find(name)
      if (topic === undefined) continue
      const bound = Math.min(through, this.#log.end - 1, this.#floors.of(name))
      trimmed += kind === 'oldest' ? this.#oldest(topic, bound, limit) : this.#compact(topic, bound, limit)
    }
    return trimmed
  }

  #oldest(topic: Topic, bound: number, limit: number): number {
    const [trimFrom] = this.#marks.first(topic.id)!
    let done = trimFrom
    const candidates: Candidate[] = []
    const end = Math.min(bound, this.#scanEnd(trimFrom))
    for (const [position, bytes, inStream] of this.#scan.all(trimFrom, end, topic.id)) {
      if (candidates.length === limit) break
      done = position
      if (inStream === 0) candidates.push([position, bytes])
    }
    if (candidates.length < limit) done = Math.max(done, end)
    if (done > trimFrom) this.#setTrimFrom.run(done, topic.id)
    return this.#remove(topic, candidates)
  }

  #compact(topic: Topic, bound: number, limit: number): number {
    const [, compactedTo] = this.#marks.first(topic.id)!
    const end = this.#scanEnd(compactedTo)
    for (const [position, key] of this.#scanKeys.all(compactedTo, end, topic.id)) {
      const earlier = this.#latest.first(topic.id, key)
      if (earlier !== undefined) this.#supersede.run(topic.id, earlier[0])
      this.#setLatest.run(topic.id, key, position)
    }
    if (end > compactedTo) this.#setCompactedTo.run(end, topic.id)

    const rows = this.#superseded.all(topic.id, bound, limit)
    this.#forget.run(topic.id, rows.length < limit ? bound : rows.at(-1)![0])
    return this.#remove(
      topic,
      rows.filter((row): row is Candidate => row[1] !== null),
    )
  }

  /** Where to stop looking. Positions that were deleted long ago are skipped first. */
  #scanEnd(after: number): number {
    const next = this.#next.first(after)
    return next === undefined ? after : Math.min(next[0] - 1 + scanRows, this.#log.end)
  }

  #remove(topic: Topic, candidates: readonly Candidate[]): number {
    let bytes = 0
    for (const [position, size] of candidates) {
      this.#delete.run(position)
      bytes += size
    }
    if (candidates.length > 0) this.#topics.removed(topic, candidates.length, bytes)
    return candidates.length
  }
}
