import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { UsageError } from './options.ts'

/** Makes the folder of the store, and deletes an earlier store of the shop if it is to begin anew. @throws UsageError */
export function prepareStore(path: string, fresh: boolean): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (cause) {
    throw new UsageError(`--store: the folder of ${path} cannot be made: ${(cause as Error).message}`, { cause })
  }
  if (!fresh || !existsSync(path)) return
  assertDeletable(path)
  for (const suffix of ['', '-wal', '-shm', '-mark']) rmSync(path + suffix, { force: true })
}

/** Deletes nothing that the shop did not make, and nothing that is in use. */
function assertDeletable(path: string): void {
  let isShop: boolean
  try {
    using database = new DatabaseSync(path)
    isShop = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'shop_input'").get() !== undefined
    // Only who has the file alone may leave the write-ahead log.
    if (isShop) database.exec('PRAGMA journal_mode = DELETE')
  } catch (cause) {
    throw new UsageError(`--fresh: ${path} cannot be deleted: ${(cause as Error).message}`, { cause })
  }
  if (!isShop) throw new UsageError(`--fresh: ${path} holds no orders of this shop; it is left alone`)
}
