import { MillraceError } from '../base/index.ts'

/** What kind of thing went wrong in SQLite, as far as it decides what to do next. */
export type FailureKind =
  /** Another connection has the lock: the same may work a moment later. */
  | 'busy'
  /** The statement or its values are at fault: the store itself is well. */
  | 'statement'
  | 'full'
  | 'io'
  | 'damaged'
  | 'memory'
  | 'readonly'
  | 'unreachable'

/** An error of SQLite, sorted. */
export interface SqliteFailure {
  readonly kind: FailureKind
  /** The store cannot keep its promise after this one: it must stop and acknowledge nothing more. */
  readonly stops: boolean
  /** SQLite's own name of the result code, such as `SQLITE_IOERR_FSYNC`. */
  readonly name: string
  /** In words, for an error's message, with the name of the result code. */
  readonly reason: string
}

// https://www.sqlite.org/rescode.html; the low byte is the primary code.
const primary: Readonly<Record<number, { readonly kind: FailureKind; readonly name: string; readonly words: string }>> =
  {
    5: { kind: 'busy', name: 'SQLITE_BUSY', words: 'another connection has it locked' },
    7: { kind: 'memory', name: 'SQLITE_NOMEM', words: 'there is no memory left' },
    8: { kind: 'readonly', name: 'SQLITE_READONLY', words: 'the file may not be written' },
    10: { kind: 'io', name: 'SQLITE_IOERR', words: 'the disk reported an error' },
    11: { kind: 'damaged', name: 'SQLITE_CORRUPT', words: 'the file is damaged' },
    13: { kind: 'full', name: 'SQLITE_FULL', words: 'the disk is full' },
    14: { kind: 'unreachable', name: 'SQLITE_CANTOPEN', words: 'the file or one beside it cannot be opened' },
    15: { kind: 'busy', name: 'SQLITE_PROTOCOL', words: 'other connections kept taking the lock' },
    22: { kind: 'io', name: 'SQLITE_NOLFS', words: 'the file system holds no file of this size' },
    26: { kind: 'damaged', name: 'SQLITE_NOTADB', words: 'the file has no valid header' },
  }

// Extended codes whose words say more than those of their primary code.
const extended: Readonly<Record<number, readonly [name: string, words: string, kind?: FailureKind]>> = {
  266: ['SQLITE_IOERR_READ', 'reading the file failed'],
  522: ['SQLITE_IOERR_SHORT_READ', 'the file ended too early'],
  778: ['SQLITE_IOERR_WRITE', 'writing the file failed'],
  1034: ['SQLITE_IOERR_FSYNC', 'the disk did not make written data durable'],
  1290: ['SQLITE_IOERR_DIR_FSYNC', 'the disk did not make a change of the folder durable'],
  1546: ['SQLITE_IOERR_TRUNCATE', 'the length of the file could not be changed'],
  1802: ['SQLITE_IOERR_FSTAT', 'the file could not be examined'],
  3082: ['SQLITE_IOERR_NOMEM', 'there is no memory left', 'memory'],
  3850: ['SQLITE_IOERR_LOCK', 'the file system could not lock the file'],
  4618: ['SQLITE_IOERR_SHMOPEN', 'the shared-memory file could not be opened'],
  4874: ['SQLITE_IOERR_SHMSIZE', 'the shared-memory file could not grow: the disk may be full'],
  5386: ['SQLITE_IOERR_SHMMAP', 'the shared-memory file could not be mapped'],
  8202: ['SQLITE_IOERR_DATA', 'a checksum does not fit the data read', 'damaged'],
  8458: ['SQLITE_IOERR_CORRUPTFS', 'the file system is damaged', 'damaged'],
  776: [
    'SQLITE_READONLY_ROLLBACK',
    'an unfinished transaction cannot be rolled back, because the file may not be written',
  ],
  1032: ['SQLITE_READONLY_DBMOVED', 'the file was moved or removed while it was open'],
  1544: ['SQLITE_READONLY_DIRECTORY', 'the folder of the file may not be written'],
  261: ['SQLITE_BUSY_RECOVERY', 'another process is recovering it after a crash'],
  517: ['SQLITE_BUSY_SNAPSHOT', 'another connection has written since this transaction began to read'],
  779: ['SQLITE_CORRUPT_INDEX', 'an index of the file is damaged'],
}

/**
 * Sorts an error that `node:sqlite` threw; undefined when it is none of SQLite's. After a full disk, a failed read, write
 * or fsync, damage or lack of memory nobody knows what of the last writes is on disk, so all of these stop the store; a
 * second try after a failed fsync may even report success for data that the kernel has dropped already.
 */
export function sqliteFailure(error: unknown): SqliteFailure | undefined {
  const errcode = errcodeOf(error)
  if (errcode === undefined) return undefined
  const base = primary[errcode & 0xff]
  if (base === undefined) {
    return { kind: 'statement', stops: false, name: `SQLITE_${errcode}`, reason: (error as Error).message }
  }
  const unnamed = errcode === (errcode & 0xff) ? base.name : `${base.name}_${errcode}`
  const [name, words, kind = base.kind] = extended[errcode] ?? [unnamed, base.words]
  return { kind, stops: kind !== 'busy', name, reason: `${words} (${name})` }
}

/** The extended result code of an error that SQLite reported through `node:sqlite`. */
function errcodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_SQLITE_ERROR') return undefined
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined
}

/** The store's own error for what SQLite reported while nothing but opening or reading was asked of it. */
export function storeError(store: string, error: unknown): unknown {
  const failure = sqliteFailure(error)
  if (failure === undefined) return error
  const { reason } = failure
  switch (failure.kind) {
    case 'busy':
      return new MillraceError('STORE_LOCKED', { store, reason }, { cause: error })
    case 'damaged':
      return new MillraceError('STORE_DAMAGED', { store, reason }, { cause: error })
    case 'readonly':
    case 'unreachable':
      return new MillraceError('STORE_UNREADABLE', { store, reason }, { cause: error })
    case 'full':
    case 'io':
    case 'memory':
      return new MillraceError('STORE_STOPPED', { store, reason }, { cause: error })
    case 'statement':
      return error
  }
}
