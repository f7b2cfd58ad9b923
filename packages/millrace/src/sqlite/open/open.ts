import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Clock, MillraceError } from '../../base/index.ts'
import { storeError } from '../failure.ts'
import { whileLocked } from './locked.ts'
import { assertPlace, bytesOf, createFile } from './place.ts'
import { recognise } from './recognise.ts'
import { claim, migrate } from './schema.ts'
import { applySettings, type Synchronous } from './settings.ts'
import { assertSafeVersion } from './sqlite-version.ts'

export interface OpenOptions {
  /** How long to wait for other processes that have the file locked, or bring its schema up to date. */
  readonly busyTimeoutMs: number
  readonly clock: Clock
  /** When commits reach the disk itself; `full` unless told otherwise. */
  readonly synchronous?: Synchronous
}

/**
 * Opens the store in a file, or makes it there; `:memory:` makes one that lasts as long as the connection. What is returned
 * is checked, set up, at the current schema version, and reports a lock of another process at once instead of waiting.
 *
 * A damaged or foreign file is refused and not changed. What is checked takes a few milliseconds whatever the size of the
 * store. It cannot tell when a log of another store (or of an older copy of this one) was put beside the file, nor that the
 * file is on a network file system whose locks do not work between machines: keep the file, `-wal` and `-shm` together, and
 * on a local disk.
 * @throws STORE_UNREADABLE, STORE_FOREIGN, STORE_DAMAGED, STORE_TOO_NEW, STORE_VERSION_UNSAFE, STORE_LOCKED
 * @throws STORE_STOPPED when the disk is full or reports an error
 */
export async function openDatabase(path: string, options: OpenOptions): Promise<DatabaseSync> {
  assertSafeVersion(process.versions.sqlite ?? 'of unknown version')
  const synchronous = options.synchronous ?? 'full'
  if (path === ':memory:') return prepared(new DatabaseSync(path), path, synchronous)
  if (path === '') throw new MillraceError('STORE_UNREADABLE', { store: path, reason: 'the path is empty' })
  try {
    return await whileLocked(path, options, () => {
      // Absolute, so that SQLite takes no path for one of its `file:` addresses.
      const file = resolve(path)
      assertPlace(file, path)
      if (bytesOf(file, path) > 0) recognise(file, path)
      else createFile(file, path)
      return prepared(new DatabaseSync(file), path, synchronous)
    })
  } catch (error) {
    throw storeError(path, error)
  }
}

function prepared(database: DatabaseSync, store: string, synchronous: Synchronous): DatabaseSync {
  try {
    claim(database, store)
    applySettings(database, store, synchronous)
    migrate(database, store)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
