import type { DatabaseSync } from 'node:sqlite'
import { isMillraceError } from '../../base/index.ts'
import { sqliteFailure } from '../failure.ts'
import { assertWhole } from '../open/recognise.ts'
import { versionOf } from '../open/schema.ts'
import { decodeRanges } from '../tables/cursor.ts'
import { type Check, type Finding, isJson, problemLimit } from './check.ts'
import { checkEvents } from './check-events.ts'

/** A check that is one or more queries, whose rows tell the problems in words. */
function rule(name: string, promise: string, ...queries: readonly string[]): Check {
  const problems = (database: DatabaseSync, query: string): string[] =>
    database
      .prepare(`SELECT problem FROM (${query}) LIMIT ${problemLimit}`)
      .all()
      .map((row) => String(row.problem))
  return { name, promise, run: (database) => queries.flatMap((query) => problems(database, query)) }
}

const pages: Check = {
  name: 'pages',
  promise: 'every page, row and index entry of the file is whole',
  run: (database) => {
    const rows = database.prepare(`PRAGMA integrity_check(${problemLimit})`).all()
    return rows.map((row) => String(row.integrity_check)).filter((text) => text !== 'ok')
  },
}

const schema: Check = {
  name: 'schema',
  promise: 'the tables and indexes are those of the schema version',
  run: (database) => {
    assertWhole(database, '', versionOf(database, ''))
    return []
  },
}

const cursors: Check = {
  name: 'cursors',
  promise: 'what a subscription settled above its floor is a rising list of ranges',
  run: (database) => {
    const rows = database.prepare('SELECT name, floor, settled_above FROM millrace_subscription').all()
    return rows
      .filter((row) => !areRising(Number(row.floor), String(row.settled_above)))
      .map((row) => `the subscription '${row.name}' has the floor ${row.floor} and '${row.settled_above}' above it`)
  },
}

function areRising(floor: number, text: string): boolean {
  let last = floor
  for (const [index, edge] of decodeRanges(floor, text).entries()) {
    const rises = index % 2 === 0 ? edge > last : edge >= last
    if (!Number.isSafeInteger(edge) || !rises) return false
    last = edge
  }
  return floor >= 0
}

const known = (table: string, what: string): string =>
  `SELECT '${what} refers to kind ' || kind || ', which does not exist' AS problem FROM ${table}
   WHERE kind NOT IN (SELECT id FROM millrace_kind)`

const counted = (state: string, table: string): string =>
  `SELECT '${table} has ' || rows || ' rows, but ' || coalesce(value, 'none') || ' are counted' AS problem
   FROM (SELECT count(*) AS rows, (SELECT value FROM millrace_state WHERE name = '${state}') AS value FROM ${table})
   WHERE value IS NOT rows`

const eventJson = (table: string, what: string): string =>
  `SELECT '${what} has attributes or data that are not JSON' AS problem FROM ${table}
   WHERE (attributes IS NOT NULL AND NOT ${isJson('attributes', 'object')}) OR (data IS NOT NULL AND NOT json_valid(data))`

/** Everything that a store file promises, in the order it is best checked: what comes later rests on what comes before. */
export const checks: readonly Check[] = [
  pages,
  schema,
  {
    name: 'events',
    promise:
      'events have known kinds and JSON, were appended in the order of their positions, and are counted per topic',
    run: checkEvents,
  },
  rule(
    'kinds',
    'every kind of event belongs to a topic',
    `SELECT 'kind ' || id || ' refers to topic ' || topic || ', which does not exist' AS problem FROM millrace_kind
     WHERE topic NOT IN (SELECT id FROM millrace_topic)`,
  ),
  rule(
    'streams',
    'the revisions of every stream count from 0 without a gap and rise with the position',
    `SELECT 'the stream ''' || stream || ''' has ' || count(*) || ' events with revisions ' || min(revision) || ' to '
       || max(revision) AS problem
     FROM millrace_event WHERE stream IS NOT NULL GROUP BY stream HAVING min(revision) <> 0 OR max(revision) <> count(*) - 1`,
    `SELECT 'the stream ''' || stream || ''' goes back to position ' || position || ' at revision ' || revision AS problem
     FROM (SELECT stream, revision, position, lag(position) OVER (PARTITION BY stream ORDER BY revision) AS before
           FROM millrace_event WHERE stream IS NOT NULL)
     WHERE position < before`,
  ),
  rule(
    'duplicates',
    'what is remembered to detect duplicates belongs to the events it names, and is counted',
    `SELECT 'the id ''' || u.id || ''' is remembered for event ' || position || ', which has another' AS problem
     FROM millrace_unique u JOIN millrace_event e USING (position) WHERE u.id <> e.id`,
    counted('unique', 'millrace_unique'),
    counted('inbox', 'millrace_inbox'),
  ),
  cursors,
  rule(
    'subscriptions',
    'subscriptions have their topics and counts as JSON',
    `SELECT 'the subscription ''' || name || ''' has topics or counts that are not JSON' AS problem
     FROM millrace_subscription WHERE NOT (${isJson('topics', 'array')} AND ${isJson('settled', 'object')})`,
  ),
  rule(
    'kept',
    'every delivery kept apart belongs to a subscription, and none waits behind nothing',
    `SELECT 'a ' || state || ' delivery of position ' || position || ' is kept for the subscription ''' || subscription
       || ''', which does not exist' AS problem
     FROM millrace_kept WHERE subscription NOT IN (SELECT name FROM millrace_subscription)`,
    `SELECT 'deliveries of the key ''' || order_key || ''' wait in the subscription ''' || subscription
       || ''', but none of them is at the head' AS problem
     FROM millrace_kept WHERE order_key IS NOT NULL AND state <> 'dead'
     GROUP BY subscription, order_key HAVING sum(state IN ('parked', 'trying')) = 0`,
    `SELECT 'the delivery of position ' || position || ' to the subscription ''' || subscription
       || ''' waits without a key to wait for' AS problem
     FROM millrace_kept WHERE state = 'waiting' AND order_key IS NULL`,
    `SELECT 'the delivery of position ' || position || ' to the subscription ''' || subscription || ''' has the state '''
       || state || '''' AS problem
     FROM millrace_kept WHERE state NOT IN ('parked', 'waiting', 'trying', 'dead')`,
    `SELECT 'the delivery of position ' || position || ' to the subscription ''' || subscription
       || ''' has a history that is not JSON' AS problem
     FROM millrace_kept WHERE NOT ${isJson('history', 'array')}`,
    known(
      'millrace_kept',
      "the delivery of position ' || position || ' to the subscription ''' || subscription || '''",
    ),
    eventJson(
      'millrace_kept',
      "the delivery of position ' || position || ' to the subscription ''' || subscription || '''",
    ),
  ),
  rule(
    'leases',
    'leases have an epoch from 1 on',
    `SELECT 'the lease ''' || name || ''' has the epoch ' || epoch AS problem FROM millrace_lease WHERE epoch < 1`,
  ),
  rule(
    'documents',
    'documents are JSON and have a version from 1 on',
    `SELECT 'the document ''' || key || ''' of ''' || collection || ''' has version ' || version || ' and is '
       || iif(json_valid(value), '', 'not ') || 'JSON' AS problem
     FROM millrace_document WHERE version < 1 OR NOT json_valid(value)`,
  ),
  rule(
    'timers',
    'timers have events of known kinds',
    known('millrace_timer', "the timer ''' || id || '''"),
    eventJson('millrace_timer', "the timer ''' || id || '''"),
  ),
]

/** Runs one check. What stops it, such as damage on its way, is a finding too. */
export function findingsOf(check: Check, database: DatabaseSync, progress: (fraction: number) => void): Finding[] {
  const { name, promise } = check
  try {
    const problems = check.run(database, progress).slice(0, problemLimit)
    if (problems.length === 0) return [{ check: name, ok: true, detail: promise }]
    return problems.map((detail) => ({ check: name, ok: false, detail }))
  } catch (error) {
    return [{ check: name, ok: false, detail: `the check ended early: ${reasonOf(error)}` }]
  }
}

function reasonOf(error: unknown): string {
  if (isMillraceError(error, 'STORE_DAMAGED')) return error.fields.reason
  const failure = sqliteFailure(error)
  if (failure === undefined || failure.kind === 'memory') throw error
  return failure.reason
}
