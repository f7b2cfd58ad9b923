import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { Context } from '../measurement.ts'
import { rate } from './clock.ts'

/** How many events a transaction of the raw limits holds, and how many rows a read of theirs. */
export const atOnce = 1_000

/** The settings of SQLite that the embedded engine has, so that both do the same work for a row. */
const settings = 'PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 2000; PRAGMA cache_size = -8192;'

/** A database without Millrace. */
export function openIn({ folder, synchronous }: Context, name: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, `${name}.db`))
  database.exec(`${settings} PRAGMA synchronous = ${synchronous}`)
  return database
}

/** A row as SQLite gives it: the values of its columns in order. */
export type BareRow = SQLInputValue[]

/** A table of a store as it is in the file: what made it and its indexes, and the rows, columns that are all null left out. */
export interface BareTable {
  readonly schema: readonly string[]
  readonly insert: string
  readonly rows: readonly BareRow[]
}

/**
 * The very rows that Millrace wrote, to be written again without it: the same bytes into the same tables.
 * @param order the columns to order by
 */
export function bareTable(path: string, table: string, order: string): BareTable {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const schema = database
      .prepare('SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY rowid')
      .all(table)
    const columns = database
      .prepare('SELECT name FROM pragma_table_info(?)')
      .all(table)
      .map(({ name }) => String(name))
    const isUsed = (column: string): boolean =>
      database.prepare(`SELECT 1 FROM ${table} WHERE ${column} IS NOT NULL LIMIT 1`).get() !== undefined
    const used = columns.filter(isUsed)
    const select = database.prepare(`SELECT ${used.join(', ')} FROM ${table} ORDER BY ${order}`)
    select.setReturnArrays(true)
    return {
      schema: schema.map(({ sql }) => String(sql)),
      insert: `INSERT INTO ${table} (${used.join(', ')}) VALUES (${used.map(() => '?').join(', ')})`,
      rows: select.all() as unknown as BareRow[],
    }
  } finally {
    database.close()
  }
}

/** A new database with an empty table. */
export function createBare(context: Context, name: string, { schema }: BareTable): DatabaseSync {
  const database = openIn(context, name)
  for (const statement of schema) database.exec(statement)
  return database
}

/** The log that Millrace has written to `store.db`. */
export const bareLog = ({ folder }: Context): BareTable =>
  bareTable(join(folder, 'store.db'), 'millrace_event', 'position')

/** How many rows a second go into a new table, so many in a transaction, after others went into a scratch one. */
export async function insertRate(context: Context, table: BareTable, size: number): Promise<number> {
  const { insert, rows } = table
  {
    using warm = createBare(context, 'warm', table)
    insertRows(warm, insert, rows.slice(0, context.warmUp), size)
  }
  using database = createBare(context, 'bare', table)
  return await rate(rows.length, () => insertRows(database, insert, rows, size))
}

/** Inserts rows, so many in a transaction. */
export function insertRows(database: DatabaseSync, insert: string, rows: readonly BareRow[], size: number): void {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const statement = database.prepare(insert)
  const commit = database.prepare('COMMIT')
  for (let first = 0; first < rows.length; first += size) {
    const end = Math.min(first + size, rows.length)
    begin.run()
    for (let index = first; index < end; index++) statement.run(...rows[index]!)
    commit.run()
  }
}
