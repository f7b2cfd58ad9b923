import { accessSync, closeSync, constants, openSync, type Stats, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { MillraceError } from '../../base/index.ts'

// Nothing here opens a file that may be a store in use: POSIX drops all locks that a process holds on a file as soon as it
// closes any descriptor of it, so a look inside with `node:fs` would take away the locks that SQLite holds in this process
// (https://www.sqlite.org/howtocorrupt.html, section 2.2). `stat` and `access` open nothing.

/** What is written beside the file: the log and its index, the journal of a store that is being made, and the mark. */
const companions = ['-wal', '-shm', '-journal', '-mark'] as const

/**
 * Checks that a store can be at this place, with a reason in words where SQLite would say 'unable to open database file'.
 * @throws STORE_UNREADABLE
 * @throws STORE_DAMAGED when the log is there but what it belongs to is gone: SQLite would delete the log
 */
export function assertPlace(file: string, store: string): void {
  const folder = dirname(file)
  const stats = look(file, store)
  assertAccess(folder, constants.W_OK | constants.X_OK, store, `the folder '${folder}' may not be written`)
  if (stats === undefined) return
  const both = constants.R_OK | constants.W_OK
  assertAccess(file, both, store, `'${file}' may not be read and written by this user`)
  for (const path of companions.map((companion) => file + companion)) {
    assertAccess(path, both, store, `'${path}' may not be read and written by this user`)
  }
}

/**
 * Checks that a store is at this place and may be read.
 * @throws STORE_UNREADABLE, STORE_DAMAGED
 */
export function assertReadable(file: string, store: string): void {
  if (look(file, store) === undefined) unreadable(store, 'there is no such file')
  assertAccess(file, constants.R_OK, store, `'${file}' may not be read by this user`)
}

/** Whether nobody writes to the file, as there is no log, and SQLite could not make the log's index to lock it either. */
export function isAtRest(file: string, store: string): boolean {
  return statOf(`${file}-wal`, store) === undefined && refusal(dirname(file), constants.W_OK) !== undefined
}

function look(file: string, store: string): Stats | undefined {
  const folder = dirname(file)
  const folderStats = statOf(folder, store)
  if (folderStats === undefined) unreadable(store, `the folder '${folder}' does not exist`)
  if (!folderStats.isDirectory()) unreadable(store, `'${folder}' is not a folder`)
  // The log before the file: another process that makes the store right now fills them in the other order.
  const logBytes = bytesOf(`${file}-wal`, store)
  const stats = statOf(file, store)
  if (logBytes > 0 && (stats === undefined || stats.size === 0)) {
    const state = stats === undefined ? 'missing' : 'empty'
    const reason = `its file is ${state}, and only its write-ahead log '${basename(file)}-wal' is there`
    throw new MillraceError('STORE_DAMAGED', { store, reason })
  }
  if (stats?.isDirectory()) unreadable(store, 'it is a folder')
  if (stats && !stats.isFile()) unreadable(store, 'it is not a regular file')
  return stats
}

/**
 * Makes an empty file that only its owner may read, unless there is one: events tend to hold personal data. SQLite gives
 * the files beside it the same permissions. Those of an existing file are left alone, so a team widens them with chmod.
 */
export function createFile(file: string, store: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') unreadable(store, `it cannot be created (${codeOf(error)})`, error)
  }
}

/** The length of a file, 0 where there is none. */
export function bytesOf(file: string, store: string): number {
  return statOf(file, store)?.size ?? 0
}

/** Which file on the disk is at this path; undefined where there is none. */
export function identityOf(path: string, store: string): string | undefined {
  const stats = statOf(path, store)
  return stats && `${stats.dev}:${stats.ino}`
}

function statOf(path: string, store: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    return unreadable(store, `'${path}' cannot be looked up (${codeOf(error)})`, error)
  }
}

/** What is not there is no obstacle: the files beside the store come and go with the processes that use it. */
function assertAccess(path: string, mode: number, store: string, reason: string): void {
  const error = refusal(path, mode)
  const code = codeOf(error)
  if (error === undefined || code === 'ENOENT') return
  unreadable(store, code === 'EROFS' ? 'its file system is read-only' : reason, error)
}

/** The error with which the system would refuse this use of a file. */
function refusal(path: string, mode: number): unknown {
  try {
    accessSync(path, mode)
    return undefined
  } catch (error) {
    return error
  }
}

/** The system's name of an error, such as ENOENT. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

export function unreadable(store: string, reason: string, cause?: unknown): never {
  throw new MillraceError('STORE_UNREADABLE', { store, reason }, { cause })
}
