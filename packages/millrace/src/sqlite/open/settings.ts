import type { DatabaseSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'

/**
 * When SQLite calls fsync. `full`: before a commit is acknowledged, so that it survives a power failure. `normal`: only at a
 * checkpoint. A crash of the process still loses nothing then, and the file stays consistent; but a power failure or a crash
 * of the operating system can take back commits that were acknowledged, as many as were made since the last checkpoint.
 */
export type Synchronous = 'full' | 'normal'

/**
 * After how many pages of 4 KiB in the write-ahead log a commit also copies them to the file (a checkpoint). Measured with
 * groups of 1,000 events of 200 bytes on 2 cores: 1,000 pages give 176,000 events/s and commits of 10 ms at p99; 2,000 pages
 * 187,000 and 12 ms; 4,000 pages 194,000 and 15 ms; 16,000 pages 200,000 and 38 ms. Fewer pages cost throughput, because a
 * page that changed in many commits is copied as often; more pages make the one commit that pays for all of them too slow.
 */
export const checkpointPages = 2000

/**
 * The length to which the log is cut back once nobody reads from it any more, after a long reader (a verification, a backup)
 * made it grow. Well above the length at which checkpoints keep it: overwriting a log is twice as fast as growing one.
 */
export const logBytesKept = 4 * checkpointPages * 4096

/** Between 2 and 32 MiB no difference was measured; 8 MiB hold the inner pages of the indexes of ten million events. */
const cacheKibibytes = 8192

const synchronousLevel: Readonly<Record<Synchronous, number>> = { normal: 1, full: 2 }

/**
 * Prepares a connection: the guards that SQLite leaves off by default, the log's limits, and the two settings on which
 * durability rests, which are read back. `mmap_size` stays 0: it was no faster, and turns an I/O error into a crash.
 * @throws STORE_UNREADABLE when a durability setting does not take: a file system without shared memory cannot hold the log
 */
export function applySettings(database: DatabaseSync, store: string, synchronous: Synchronous): void {
  // Before version 25 of Node.js it is off by default, and in some releases of version 24 the method is missing.
  database.enableDefensive?.(true)
  database.exec(`
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -${cacheKibibytes};
    PRAGMA wal_autocheckpoint = ${checkpointPages};
    PRAGMA journal_size_limit = ${logBytesKept};
  `)
  if (database.location() === null) return
  const mode = pragma(database, 'journal_mode = WAL')
  if (mode !== 'wal') unset(store, `its file system does not support write-ahead logging (journal mode '${mode}')`)
  const level = synchronousLevel[synchronous]
  // On macOS fsync alone leaves the data in the disk's cache; elsewhere `fullfsync` has no effect.
  database.exec(`PRAGMA synchronous = ${level}; PRAGMA fullfsync = ${synchronous === 'full' ? 'ON' : 'OFF'}`)
  const set = pragma(database, 'synchronous')
  if (set !== level) unset(store, `the setting 'synchronous' stayed ${set} instead of ${level}`)
}

/** The one value that a pragma answers with. */
export function pragma(database: DatabaseSync, text: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${text}`).get() ?? {})[0]
}

function unset(store: string, reason: string): never {
  throw new MillraceError('STORE_UNREADABLE', { store, reason })
}
