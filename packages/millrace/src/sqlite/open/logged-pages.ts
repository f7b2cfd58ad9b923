import { closeSync, openSync, readSync } from 'node:fs'
import { codeOf, unreadable } from './place.ts'

// The write-ahead log as it is on the disk: https://www.sqlite.org/fileformat2.html#the_write_ahead_log. SQLite reads it up to the
// first frame that is not whole, and takes what follows for nothing; what does follow tells whether that is right. To open this file
// with `node:fs` takes away no locks (see place.ts), as SQLite holds none on it.

const logHeaderBytes = 32
const frameHeaderBytes = 24
/** With its lowest bit set, checksums are made of big-endian words. */
const magic = 0x377f0682

/** A page as a log holds it, whether SQLite would read it or not. */
export interface LoggedPage {
  readonly page: Buffer
  /** It was written since the log was begun anew; otherwise it is a leftover of an earlier time. */
  readonly isCurrent: boolean
  /** Whether it is as it was written. Takes 5 µs. */
  isWhole(): boolean
}

/** Calls `take` with every page in a log, in the order of the file. The log may change meanwhile. Takes 1 ms for about 2 MiB. */
export function readLoggedPages(
  log: string,
  store: string,
  pageBytes: number,
  take: (logged: LoggedPage) => void,
): void {
  const descriptor = open(log, store)
  if (descriptor === undefined) return
  try {
    const header = Buffer.alloc(logHeaderBytes)
    if (readSync(descriptor, header, 0, logHeaderBytes, 0) < logHeaderBytes) return
    const bigEndian = (header.readUInt32BE(0) & 1) === 1
    const isBegun =
      (header.readUInt32BE(0) & ~1) === magic &&
      isChained(header.subarray(24, 32), [header.subarray(0, 24)], bigEndian, zero)
    const salts = header.subarray(16, 24)
    let before: Buffer = header.subarray(24, 32)
    for (const frame of framesOf(descriptor, frameHeaderBytes + pageBytes)) {
      const last = before
      const stored = frame.subarray(16, 24)
      const page = frame.subarray(frameHeaderBytes)
      take({
        page,
        isCurrent: isBegun && salts.equals(frame.subarray(8, 16)),
        isWhole: () => isChained(stored, [frame.subarray(0, 8), page], bigEndian, last),
      })
      before = stored
    }
  } finally {
    closeSync(descriptor)
  }
}

const zero = Buffer.alloc(8)
/** So many frames are read at once: about 1 MiB. */
const framesAtOnce = 256

function* framesOf(descriptor: number, frameBytes: number): Generator<Buffer> {
  for (let position = logHeaderBytes; ; position += framesAtOnce * frameBytes) {
    // A new one each time, as the last frame of the one before is still needed.
    const buffer = Buffer.alloc(framesAtOnce * frameBytes)
    const bytes = readSync(descriptor, buffer, 0, buffer.length, position)
    for (let at = 0; at + frameBytes <= bytes; at += frameBytes) yield buffer.subarray(at, at + frameBytes)
    if (bytes < buffer.length) return
  }
}

/** Whether a checksum is that of these octets, continued from the checksum before. */
function isChained(stored: Buffer, parts: readonly Buffer[], bigEndian: boolean, before: Buffer): boolean {
  let first = before.readUInt32BE(0)
  let second = before.readUInt32BE(4)
  for (const part of parts) {
    const word = bigEndian ? (at: number) => part.readUInt32BE(at) : (at: number) => part.readUInt32LE(at)
    for (let at = 0; at < part.length; at += 8) {
      first = (first + word(at) + second) >>> 0
      second = (second + word(at + 4) + first) >>> 0
    }
  }
  return stored.readUInt32BE(0) === first && stored.readUInt32BE(4) === second
}

function open(log: string, store: string): number | undefined {
  try {
    return openSync(log, 'r')
  } catch (error) {
    // The last one who closes the store removes its log.
    if (codeOf(error) === 'ENOENT') return undefined
    return unreadable(store, `'${log}' cannot be read (${codeOf(error)})`, error)
  }
}
