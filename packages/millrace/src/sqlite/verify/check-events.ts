import type { DatabaseSync } from 'node:sqlite'
import { isJson, problemLimit } from './check.ts'

/** Events looked at between two reports of progress. */
const rangeLength = 20_000

interface Totals {
  events: number
  bytes: number
}

/**
 * Walks over the whole log once, range by range. Gives what is wrong with single events first, then the topics whose
 * counts do not fit the log.
 */
export function checkEvents(database: DatabaseSync, progress: (fraction: number) => void): readonly string[] {
  const problems: string[] = []
  const totals = new Map<number, Totals>()
  const ends = database.prepare('SELECT min(position) AS first, max(position) AS last FROM millrace_event').get()
  const last = Number(ends?.last ?? 0)
  const start = Number(ends?.first ?? 1)
  const range = rangeCheck(database)
  const next = database.prepare('SELECT min(position) AS next FROM millrace_event WHERE position > ?')
  if (start < 1) problems.push(`the log begins at position ${start}`)

  for (let from = start; from <= last; ) {
    const to = from + rangeLength - 1
    problems.push(...range(from, to, totals))
    progress((Math.min(to, last) - start + 1) / (last - start + 1))
    // Trimming leaves holes of any length.
    from = Number(next.get(to)?.next ?? last + 1)
  }
  return [...problems, ...wrongTotals(database, totals)]
}

type RangeCheck = (from: number, to: number, totals: Map<number, Totals>) => readonly string[]

function rangeCheck(database: DatabaseSync): RangeCheck {
  const wrong = database.prepare(`
    SELECT position, CASE
      WHEN kind NOT IN (SELECT id FROM millrace_kind) THEN 'refers to kind ' || kind || ', which does not exist'
      WHEN data IS NOT NULL AND NOT json_valid(data) THEN 'has data that are not JSON'
      WHEN attributes IS NOT NULL AND NOT ${isJson('attributes', 'object')} THEN 'has attributes that are no JSON object'
      WHEN (stream IS NULL) <> (revision IS NULL) THEN 'has a stream or a revision, but not both'
    END AS problem
    FROM millrace_event WHERE position BETWEEN ? AND ? AND problem IS NOT NULL LIMIT ${problemLimit}`)
  // The event before the range belongs to it, or nobody would compare the last of one range with the first of the next.
  const early = database.prepare(`
    SELECT position, before FROM (
      SELECT position, appended, lag(appended) OVER (ORDER BY position) AS before FROM millrace_event
      WHERE position BETWEEN coalesce((SELECT max(position) FROM millrace_event WHERE position < :from), :from) AND :to)
    WHERE appended < before LIMIT ${problemLimit}`)
  const sums = database.prepare(`
    SELECT k.topic, count(*) AS events, coalesce(sum(octet_length(e.data)), 0) AS bytes
    FROM millrace_event e JOIN millrace_kind k ON k.id = e.kind WHERE e.position BETWEEN ? AND ? GROUP BY k.topic`)

  return (from, to, totals) => {
    for (const { topic, events, bytes } of sums.all(from, to)) {
      const total = totals.get(Number(topic)) ?? { events: 0, bytes: 0 }
      totals.set(Number(topic), { events: total.events + Number(events), bytes: total.bytes + Number(bytes) })
    }
    return [
      ...wrong.all(from, to).map((row) => `the event ${row.position} ${row.problem}`),
      ...early.all({ from, to }).map((row) => `the event ${row.position} was appended before the one in front of it`),
    ]
  }
}

function wrongTotals(database: DatabaseSync, totals: ReadonlyMap<number, Totals>): readonly string[] {
  const problems: string[] = []
  for (const topic of database.prepare('SELECT id, name, events, bytes, appended FROM millrace_topic').all()) {
    const { events, bytes } = totals.get(Number(topic.id)) ?? { events: 0, bytes: 0 }
    if (topic.events !== events || topic.bytes !== bytes) {
      problems.push(
        `the topic '${topic.name}' has ${events} events of ${bytes} bytes, but ${topic.events} of ${topic.bytes} are counted`,
      )
    }
    if (Number(topic.appended) < events) {
      problems.push(`the topic '${topic.name}' has ${events} events, but only ${topic.appended} were ever appended`)
    }
  }
  return problems
}
