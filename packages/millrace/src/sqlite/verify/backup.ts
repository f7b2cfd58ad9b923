import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { backup, type DatabaseSync } from 'node:sqlite'
import { isMillraceError, MillraceError } from '../../base/index.ts'
import { sqliteFailure, storeError } from '../failure.ts'
import { openToRead } from '../open/open-to-read.ts'
import { codeOf } from '../open/place.ts'
import { runVerify } from './verify.ts'

export interface BackupOptions {
  /** Called now and then while the copy is made. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined
}

export interface BackupProgress {
  readonly copiedBytes: number
  readonly totalBytes: number
}

export interface BackupReport {
  /** The absolute path of the copy. */
  readonly target: string
  readonly bytes: number
  /** The newest position in the copy. */
  readonly head: number
}

/** Pages of one step: 4 MiB, so that progress is smooth and the thread that copies is soon free for others. */
const pagesPerStep = 1_000

/**
 * Copies a store to a new file while applications go on writing to it. The copy is the store as it was at the moment of the
 * call, whole and by itself: to restore it, stop all applications, put it in the place of the store, and remove the `-wal`,
 * `-shm` and `-mark` of the old one. The copy carries its name only after it was read back, checked (every page, and the
 * schema) and made durable; until then, and after a crash, it is called `<target>.<random>.partial`.
 *
 * As it reads one moment for as long as it copies, the write-ahead log cannot be reset meanwhile, and grows by what is written.
 * @throws STORE_UNREADABLE, STORE_FOREIGN, STORE_DAMAGED, STORE_TOO_NEW, STORE_LOCKED when the store cannot be read
 * @throws BACKUP_FAILED when the target exists already or cannot be written, or the copy is not whole
 */
export async function backupStore(path: string, target: string, options: BackupOptions = {}): Promise<BackupReport> {
  const failed = (reason: string, cause?: unknown): MillraceError<'BACKUP_FAILED'> =>
    new MillraceError('BACKUP_FAILED', { store: path, target, reason }, { cause })
  if (path === ':memory:') throw failed('a store in memory has no file')
  const file = resolve(target)
  const source = await openSource(path)
  try {
    const partial = create(file, failed)
    try {
      await copy(source, partial, options, failed)
      await check(partial, target, failed)
      const { size: bytes } = statSync(partial)
      publish(partial, file, failed)
      return { target: file, bytes, head: headOf(source) }
    } finally {
      for (const left of [partial, `${partial}-journal`]) rmSync(left, { force: true })
    }
  } finally {
    source.close()
  }
}

type Failed = (reason: string, cause?: unknown) => MillraceError<'BACKUP_FAILED'>

async function openSource(path: string): Promise<DatabaseSync> {
  try {
    return await openToRead(resolve(path), path)
  } catch (error) {
    throw storeError(path, error)
  }
}

/** Makes the empty file that becomes the copy, readable by its owner alone, as the store's own file is. */
function create(file: string, failed: Failed): string {
  if (existsSync(file)) throw failed('the target exists already')
  const partial = `${file}.${randomUUID()}.partial`
  try {
    closeSync(openSync(partial, 'wx', 0o600))
    return partial
  } catch (error) {
    throw failed(`the target cannot be created (${codeOf(error)})`, error)
  }
}

async function copy(
  source: DatabaseSync,
  partial: string,
  { onProgress }: BackupOptions,
  failed: Failed,
): Promise<void> {
  const pageBytes = Number(source.prepare('PRAGMA page_size').get()?.page_size)
  try {
    await backup(source, partial, {
      rate: pagesPerStep,
      progress: ({ totalPages, remainingPages }) =>
        onProgress?.({ copiedBytes: (totalPages - remainingPages) * pageBytes, totalBytes: totalPages * pageBytes }),
    })
  } catch (error) {
    const failure = sqliteFailure(error)
    if (failure === undefined) throw error
    throw failed(failure.reason, error)
  }
}

async function check(partial: string, target: string, failed: Failed): Promise<void> {
  try {
    const { findings } = await runVerify({ file: partial, store: target, of: 'copy' }, undefined)
    const problem = findings.find(({ ok }) => !ok)
    if (problem !== undefined) throw failed(`the copy is not whole: ${problem.detail}`)
  } catch (error) {
    if (!isMillraceError(error) || isMillraceError(error, 'BACKUP_FAILED')) throw error
    throw failed(`the copy is not whole: ${error.message}`, error)
  }
}

/** Gives the copy its name, durably. */
function publish(partial: string, file: string, failed: Failed): void {
  try {
    sync(partial, 'r+')
    rename(partial, file)
    // Windows can neither open a folder nor needs it.
    if (process.platform !== 'win32') sync(dirname(file), 'r')
  } catch (error) {
    const code = codeOf(error)
    throw failed(code === 'EEXIST' ? 'the target exists already' : `the target cannot be written (${code})`, error)
  }
}

/** A link fails where a file is already; a rename would replace it, but some file systems have no links. */
function rename(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || existsSync(to)) throw error
    renameSync(from, to)
  }
}

function sync(path: string, flags: 'r' | 'r+'): void {
  const descriptor = openSync(path, flags)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function headOf(source: DatabaseSync): number {
  return Number(source.prepare('SELECT max(position) AS head FROM millrace_event').get()?.head ?? 0)
}
