import { DatabaseSync } from 'node:sqlite'
import { MillraceError, systemClock } from '../../base/index.ts'
import { assertContinuity } from './continuity.ts'
import { whileLocked } from './locked.ts'
import { readMark } from './mark.ts'
import { openImmutable } from './open-immutable.ts'
import { assertReadable, bytesOf, isAtRest } from './place.ts'
import { assertOurs } from './recognise.ts'
import { versionOf } from './schema.ts'

const busyTimeoutMs = 5_000

/**
 * Opens a store to read it, at the moment of the call: whatever is committed later is not seen. Nothing in the file changes;
 * on a read-only medium it works too. `alone` is for a file that nobody else can have open.
 * @throws STORE_UNREADABLE, STORE_FOREIGN, STORE_DAMAGED, STORE_TOO_NEW, STORE_LOCKED, and errors of SQLite
 */
export function openToRead(file: string, store: string, alone = false): Promise<DatabaseSync> {
  return whileLocked(store, { busyTimeoutMs, clock: systemClock }, () => {
    assertReadable(file, store)
    if (bytesOf(file, store) === 0) throw new MillraceError('STORE_FOREIGN', { store, reason: 'it is empty' })
    assertOurs(file, store)
    const immutable = alone || isAtRest(file, store)
    const database = immutable ? openImmutable(file) : new DatabaseSync(file, { readOnly: true })
    try {
      database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
      const place = database.location() ?? file
      const mark = readMark(place, store)
      versionOf(database, store)
      if (!alone) assertContinuity(database, place, store, mark)
      database.exec('BEGIN')
      // The first read fixes the moment.
      versionOf(database, store)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  })
}
