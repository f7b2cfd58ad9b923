import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { crc32 } from 'node:zlib'
import { type Clock, MillraceError } from '../../base/index.ts'
import { codeOf, unreadable } from './place.ts'

/** What was acknowledged of a store, kept beside its file, so that an older state of the file is noticed. */
export interface Mark {
  /** Which store it is. */
  readonly identity: number
  /** The newest commit that was acknowledged, or one of a moment before. */
  readonly commits: number
}

// 32 octets: the name, the identity and the number of the commit as unsigned integers of 8 octets each, a CRC-32 of those, and 4
// octets of nothing.
const name = Buffer.from('millrace')
const markBytes = 32
const checkedBytes = 24

/** The path of the mark of a store. */
export const markPath = (file: string): string => `${file}-mark`

/**
 * The mark beside a store; undefined where there is none, or none that is whole: it is written without a sync, so that a power
 * failure may leave an older one or a part of one.
 */
export function readMark(file: string, store: string): Mark | undefined {
  let descriptor: number
  try {
    descriptor = openSync(markPath(file), 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    return unreadable(store, `'${markPath(file)}' cannot be read (${codeOf(error)})`, error)
  }
  try {
    return read(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Removes the mark of a store that is no more. */
export function removeMark(file: string): void {
  rmSync(markPath(file), { force: true })
}

/** The mark of an open store. */
export interface OpenMark {
  /** Notes a commit that is durable. It is written within 10 ms, or when the mark is closed. */
  raise(commits: number): void
  close(): void
}

export interface MarkOptions {
  /** The absolute path of the store's file. */
  readonly file: string
  readonly store: string
  readonly identity: number
  readonly clock: Clock
  /** Told when the mark cannot be written. */
  readonly onFailure: (error: MillraceError<'STORE_STOPPED'>) => void
}

/**
 * How long a commit may be missing in the mark. Writing it with each commit makes single commits 8% slower, as the sync of the log
 * then has the mark's time of change to make durable, too.
 */
const behindMs = 10

/**
 * Opens the mark of a store, or makes it: whoever may use the store may use the mark. A mark is never ahead of what is durable:
 * so only connections that sync their commits write it.
 * @throws STORE_UNREADABLE
 */
export function openMark({ file, store, identity, clock, onFailure }: MarkOptions): OpenMark {
  const path = markPath(file)
  const descriptor = open(file, path, store)
  const buffer = Buffer.alloc(markBytes)
  name.copy(buffer)
  buffer.writeBigUInt64LE(BigInt(identity), 8)
  let newest = 0
  let cancel: (() => void) | undefined

  const write = (): void => {
    cancel = undefined
    try {
      // Another process may have committed later and come here first.
      const there = read(descriptor)
      if (there?.identity === identity && there.commits >= newest) return
      buffer.writeBigUInt64LE(BigInt(newest), 16)
      buffer.writeUInt32LE(crc32(buffer.subarray(0, checkedBytes)), checkedBytes)
      writeSync(descriptor, buffer, 0, markBytes, 0)
    } catch (error) {
      const reason = `'${path}' cannot be written (${codeOf(error)})`
      onFailure(new MillraceError('STORE_STOPPED', { store, reason }, { cause: error }))
    }
  }

  return {
    raise(commits) {
      if (commits <= newest) return
      newest = commits
      cancel ??= clock.after(behindMs, write)
    },
    close() {
      if (cancel !== undefined) {
        cancel()
        write()
      }
      closeSync(descriptor)
    },
  }
}

function read(descriptor: number): Mark | undefined {
  const buffer = Buffer.alloc(markBytes)
  if (readSync(descriptor, buffer, 0, markBytes, 0) < markBytes) return undefined
  const whole = crc32(buffer.subarray(0, checkedBytes)) === buffer.readUInt32LE(checkedBytes)
  if (!whole || !name.equals(buffer.subarray(0, name.length))) return undefined
  return { identity: Number(buffer.readBigUInt64LE(8)), commits: Number(buffer.readBigUInt64LE(16)) }
}

function open(file: string, path: string, store: string): number {
  const { mode, uid, gid } = statSync(file)
  const rights = mode & 0o777
  try {
    const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, rights)
    const there = fstatSync(descriptor)
    const user = process.geteuid?.()
    // Those of the file may have been changed since, and the mask of the process takes some away from a new one. What root makes, the
    // owner of the store must be able to write.
    if ((there.mode & 0o777) !== rights && (user === 0 || user === there.uid)) fchmodSync(descriptor, rights)
    if (user === 0 && (there.uid !== uid || there.gid !== gid)) fchownSync(descriptor, uid, gid)
    return descriptor
  } catch (error) {
    return unreadable(store, `'${path}' cannot be made (${codeOf(error)})`, error)
  }
}
