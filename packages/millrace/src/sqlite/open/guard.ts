import type { DatabaseSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import { sqliteFailure } from '../failure.ts'
import { bytesOf, identityOf } from './place.ts'
import { checkpointPages, logBytesKept } from './settings.ts'

/**
 * Watches over an open store for the two things of which SQLite says nothing: that its file or log was removed or replaced,
 * so that commits succeed and are lost; and that the log cannot be copied to the file any more (SQLite drops the errors of
 * automatic checkpoints), so that it would grow until the disk is full. To be called after a commit and before it is
 * acknowledged; it takes three calls of `stat`, 5 µs together.
 * @returns a check that throws STORE_STOPPED
 */
export function guardFiles(database: DatabaseSync, store: string): () => void {
  const file = database.location()
  if (file === null) return () => {}
  const paths = [file, `${file}-wal`] as const
  const first = paths.map((path) => identityOf(path, store))
  const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  let looksAt = logBytesKept

  const stop = (reason: string, cause?: unknown): never => {
    throw new MillraceError('STORE_STOPPED', { store, reason }, { cause })
  }

  return () => {
    for (const [index, path] of paths.entries()) {
      if (identityOf(path, store) !== first[index]) {
        stop(`'${path}' was removed, moved or replaced while the store was open`)
      }
    }
    const logBytes = bytesOf(paths[1], store)
    if (logBytes <= logBytesKept) looksAt = logBytesKept
    if (logBytes <= looksAt) return
    // Either somebody reads one moment for long, which is no failure, or the checkpoint made here fails and says why.
    looksAt = logBytes + checkpointPages * 4096
    try {
      checkpoint.get()
    } catch (error) {
      const failure = sqliteFailure(error)
      if (failure === undefined) throw error
      if (failure.stops) stop(`its write-ahead log cannot be copied to the file: ${failure.reason}`, error)
    }
  }
}
