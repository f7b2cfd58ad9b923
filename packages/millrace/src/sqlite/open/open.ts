import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Clock, MillraceError } from '../../base/index.ts'
import { storeError } from '../failure.ts'
import { whileLocked } from './locked.ts'
import { markPath, readMark, removeMark } from './mark.ts'
import { assertPlace, bytesOf, createFile, identityOf } from './place.ts'
import { recognise } from './recognise.ts'
import { claim, migrate, noteUnsynced } from './schema.ts'
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
 * A damaged or foreign file is refused and not changed, and so is one that is not of one time with its log and its mark. What is
 * checked takes a few milliseconds whatever the size of the store, and 15 where its log is as long as it gets. It cannot tell that the file is on a network file system whose
 * locks do not work between machines: keep it on a local disk, together with what is beside it.
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
      else create(file, path)
      return prepared(new DatabaseSync(file), path, synchronous)
    })
  } catch (error) {
    throw storeError(path, error)
  }
}

/** @throws STORE_DAMAGED when the file is there, but nothing is left in it */
function create(file: string, store: string): void {
  const isMissing = identityOf(file, store) === undefined
  // What is gone without a trace was removed on purpose, to begin anew.
  if (isMissing) removeMark(file)
  else if ((readMark(file, store)?.commits ?? 0) > 0 && bytesOf(file, store) === 0) {
    const reason = `it is empty, but commits were acknowledged; to begin a new store, remove '${markPath(file)}'`
    throw new MillraceError('STORE_DAMAGED', { store, reason })
  }
  createFile(file, store)
}

function prepared(database: DatabaseSync, store: string, synchronous: Synchronous): DatabaseSync {
  try {
    claim(database, store)
    applySettings(database, store, synchronous)
    migrate(database, store)
    if (synchronous === 'normal') noteUnsynced(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
