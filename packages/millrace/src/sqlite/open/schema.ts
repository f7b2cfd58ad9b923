import { DatabaseSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import { migrations } from './migrations.ts'
import { pragma } from './settings.ts'

/** Marks a file as a Millrace store, in the header that every SQLite file has: 'Mlrc' in ASCII. */
export const applicationId = 0x4d6c7263

/** The schema that this code reads and writes. */
export const schemaVersion = migrations.length

/** All names of the store's own tables and indexes begin with this; users keep theirs in the same file. */
const prefix = 'millrace_'

/** An object of the schema, with the text that made it. */
export interface SchemaObject {
  readonly type: string
  readonly name: string
  readonly sql: string | null
}

/**
 * Marks an empty file as a Millrace store. The mark comes before the write-ahead log, so that it is in the file itself at
 * any time and can be seen without the log.
 * @throws STORE_FOREIGN when the file turned out to be somebody else's
 */
export function claim(database: DatabaseSync, store: string): void {
  if (pragma(database, 'application_id') === applicationId) return
  transaction(database, () => {
    const id = pragma(database, 'application_id')
    if (id === applicationId) return
    if (id !== 0 || database.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined) {
      throw new MillraceError('STORE_FOREIGN', { store, reason: 'another application has just written to it' })
    }
    database.exec(`PRAGMA application_id = ${applicationId}`)
  })
}

/**
 * Brings the schema up to date, each version in a transaction of its own that looks again at where the file stands: several
 * processes may do this at once, and one that dies in the middle leaves a version that is whole.
 * @throws STORE_TOO_NEW
 */
export function migrate(database: DatabaseSync, store: string, to: number = schemaVersion): void {
  while (versionOf(database, store) < to) {
    transaction(database, () => {
      const version = versionOf(database, store)
      if (version < to) database.exec(`${migrations[version]}; PRAGMA user_version = ${version + 1}`)
    })
  }
}

/**
 * The version of the schema in the file.
 * @throws STORE_TOO_NEW when a later Millrace has written it
 */
export function versionOf(database: DatabaseSync, store: string): number {
  const version = Number(pragma(database, 'user_version'))
  if (version > schemaVersion) throw new MillraceError('STORE_TOO_NEW', { store, version, known: schemaVersion })
  return version
}

/** Which store it is: a number that it was given when it was made, and that its backups share. */
export function identityIn(database: DatabaseSync): number {
  return Number(database.prepare("SELECT value FROM millrace_state WHERE name = 'identity'").get()?.value)
}

/** Notes, once and for all, that a power failure may have taken commits of this store out of the middle of its log. */
export function noteUnsynced(database: DatabaseSync): void {
  const isNoted = "SELECT 1 FROM millrace_state WHERE name = 'unsynced'"
  if (database.location() === null || database.prepare(isNoted).get() !== undefined) return
  database.exec("INSERT INTO millrace_state VALUES ('unsynced', 1) ON CONFLICT DO NOTHING")
}

/** The store's own tables and indexes, in the order of their names. */
export function schemaObjects(database: DatabaseSync): readonly SchemaObject[] {
  const text = `SELECT type, name, sql FROM sqlite_schema
    WHERE name GLOB '${prefix}*' OR name GLOB 'sqlite_autoindex_${prefix}*' ORDER BY name`
  return database.prepare(text).all() as unknown as SchemaObject[]
}

const expected = new Map<number, readonly SchemaObject[]>()

/** What `schemaObjects` must find in a store of this version. */
export function expectedObjects(version: number): readonly SchemaObject[] {
  const known = expected.get(version)
  if (known !== undefined) return known
  const database = new DatabaseSync(':memory:')
  try {
    migrate(database, ':memory:', version)
    const objects = schemaObjects(database)
    expected.set(version, objects)
    return objects
  } finally {
    database.close()
  }
}

function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    // SQLite has rolled back by itself after a full disk and some others.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
