import { DatabaseSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import { sqliteFailure } from '../failure.ts'
import { assertContinuity } from './continuity.ts'
import { readMark } from './mark.ts'
import { openImmutable } from './open-immutable.ts'
import { bytesOf } from './place.ts'
import { applicationId, expectedObjects, schemaObjects, versionOf } from './schema.ts'
import { pragma } from './settings.ts'

const smallestPage = 512

/**
 * Checks that a file is a Millrace store and looks whole, before anything may write to it; an empty file will become one.
 * Not one byte of it is changed whatever it is, and beside a foreign file nothing is made.
 * @throws STORE_FOREIGN, STORE_DAMAGED, STORE_TOO_NEW, and errors of SQLite
 */
export function recognise(file: string, store: string): void {
  assertOurs(file, store)
  // Read-only, because a connection that may write copies the log into the file when it closes, be it damaged or not.
  const database = new DatabaseSync(file, { readOnly: true })
  const place = database.location() ?? file
  const mark = readMark(place, store)
  try {
    // One moment for all of it, as another process may be making the store right now.
    database.exec('BEGIN')
    assertWhole(database, store, versionOf(database, store))
    database.exec('COMMIT')
    assertContinuity(database, place, store, mark)
  } catch (error) {
    // Left by a process that died while it made the store: whoever opens the file for writing finishes or undoes that.
    if (!isUnfinished(error)) throw error
  } finally {
    database.close()
  }
}

/**
 * Looks at the header alone. As a log in use may make the file shorter than its header says, `writable_schema` tells SQLite
 * to bear with that. Reading the header through SQLite and not with `node:fs` keeps the locks of this process (see place.ts).
 * @throws STORE_FOREIGN
 */
export function assertOurs(file: string, store: string): void {
  const foreign = (reason: string, cause?: unknown): MillraceError =>
    new MillraceError('STORE_FOREIGN', { store, reason }, { cause })
  // SQLite itself takes a file of one byte for an empty one.
  if (bytesOf(file, store) < smallestPage) throw foreign('it is too short for an SQLite database')
  const database = openImmutable(file)
  try {
    database.enableDefensive?.(false)
    database.exec('PRAGMA writable_schema = ON')
    const id = pragma(database, 'application_id')
    if (id === applicationId) return
    throw foreign(`it is another application's SQLite database (application id ${id})`)
  } catch (error) {
    if (sqliteFailure(error)?.kind !== 'damaged') throw error
    throw foreign('it is no SQLite database, or its header is destroyed', error)
  } finally {
    database.close()
  }
}

/**
 * Checks what can be checked in a bounded time: that the schema is, word for word, what this version makes; and that the way
 * from the root to the first and the last row of each table can be read, which a truncated file and a foreign log break
 * most often. `verifyStore` checks everything.
 * @throws STORE_DAMAGED, and SQLite's own errors of damage
 */
export function assertWhole(database: DatabaseSync, store: string, version: number): void {
  const found = new Map(schemaObjects(database).map((object) => [object.name, object]))
  if (version === 0 && found.size > 0) damaged(store, 'it has tables but no schema version')
  for (const { type, name, sql } of expectedObjects(version)) {
    const object = found.get(name)
    if (object === undefined) damaged(store, `the ${type} '${name}' is missing`)
    if (object.sql !== sql) damaged(store, `the ${type} '${name}' is not as schema version ${version} defines it`)
    if (type === 'table') readEdges(database, name)
  }
}

function readEdges(database: DatabaseSync, table: string): void {
  const columns = database.prepare('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk').all(table)
  for (const direction of ['ASC', 'DESC']) {
    const order = columns.map((column) => `${column.name} ${direction}`).join(', ')
    database.prepare(`SELECT * FROM ${table} ORDER BY ${order} LIMIT 1`).get()
  }
}

function isUnfinished(error: unknown): boolean {
  return sqliteFailure(error)?.name === 'SQLITE_READONLY_ROLLBACK'
}

function damaged(store: string, reason: string): never {
  throw new MillraceError('STORE_DAMAGED', { store, reason })
}
