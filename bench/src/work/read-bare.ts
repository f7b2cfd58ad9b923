import type { StatementSync } from 'node:sqlite'
import type { Context } from '../measurement.ts'
import { atOnce, openIn } from './bare.ts'
import { rate } from './clock.ts'

const select = (columns: string): string =>
  `SELECT ${columns} FROM millrace_event WHERE position > ? ORDER BY position LIMIT ${atOnce}`

/** What every event has: the least that a handler can be called with. */
const leastColumns = 'position, id, data'

/**
 * Reads pages of the log and parses the data. Rows are objects, as `node:sqlite` gives them unless told otherwise; as arrays of
 * all columns they take as long.
 */
function readPages(statement: StatementSync, count: number): void {
  for (let after = 0; after < count; after += atOnce) {
    for (const row of statement.all(after)) JSON.parse(String(row.data))
  }
}

/** The rate of the second time, as the compiler has seen it then. */
async function secondTime(count: number, work: () => void): Promise<number> {
  work()
  return await rate(count, work)
}

/** Events read and parsed a second. */
export async function readRate(context: Context, count: number): Promise<number> {
  using database = openIn(context, 'store')
  const statement = database.prepare(select(leastColumns))
  return await secondTime(count, () => readPages(statement, count))
}

/**
 * What handling takes without Millrace: pages of 1,000 events are read and parsed, and for each event a document is put, and
 * once a page the reader's place, in one transaction.
 * @returns events a second
 */
export async function handleRate(context: Context, count: number): Promise<number> {
  using database = openIn(context, 'store')
  database.exec(`CREATE TABLE document (collection TEXT, key TEXT, value TEXT, version INTEGER,
    PRIMARY KEY (collection, key)) STRICT, WITHOUT ROWID; CREATE TABLE place (position INTEGER); INSERT INTO place VALUES (0)`)
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')]
  const page = database.prepare(select(leastColumns))
  const move = database.prepare('UPDATE place SET position = ?')
  const put = database.prepare(
    `INSERT INTO document VALUES ('totals', ?, ?, 1)
     ON CONFLICT (collection, key) DO UPDATE SET value = excluded.value, version = version + 1`,
  )
  return await secondTime(count, () => {
    for (let after = 0; after < count; after += atOnce) {
      begin.run()
      for (const row of page.all(after)) {
        const { customer, total } = JSON.parse(String(row.data))
        put.run(customer, JSON.stringify({ total }))
      }
      move.run(after + atOnce)
      commit.run()
    }
  })
}
