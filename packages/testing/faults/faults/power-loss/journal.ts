// The journal that the preloaded library writes (native/journal.c): what was done to the files of a store, in order.

/** What a process did to a file or a name of the store. */
export type Entry =
  /** Opened; a new file if `created`. */
  | { readonly type: 'link'; readonly path: string; readonly inode: bigint; readonly created: boolean }
  | { readonly type: 'unlink'; readonly path: string }
  | { readonly type: 'rename'; readonly from: string; readonly to: string }
  /** About to be written; `call` names it when it is done. */
  | {
      readonly type: 'write'
      readonly call: string
      readonly inode: bigint
      readonly offset: number
      readonly bytes: Buffer
    }
  | { readonly type: 'truncate'; readonly call: string; readonly inode: bigint; readonly length: number }
  /** About to be made durable: of a file, or of the names in a folder. */
  | { readonly type: 'sync'; readonly call: string; readonly inode: bigint }
  /** The end of a write, truncation or sync. `result`: octets written or 0, or minus the number of the error. */
  | { readonly type: 'done'; readonly call: string; readonly result: number }

const mark = Buffer.from([0x63, 0x72, 0x6c, 0x4d, 0x6a, 0x72, 0x6e, 0x6c])
const headBytes = 48

/**
 * Reads a journal. A record of which a process that was killed wrote only a part is left out: what it was to announce had not
 * begun, or its end was not yet told to the process.
 */
export function readJournal(journal: Buffer): readonly Entry[] {
  const entries: Entry[] = []
  for (let at = journal.indexOf(mark); at !== -1 && at + headBytes + mark.length <= journal.length; ) {
    const bytes = journal.readUInt32LE(at + 8)
    const end = at + bytes
    const whole =
      bytes >= headBytes + mark.length && end <= journal.length && mark.equals(journal.subarray(end - mark.length, end))
    if (whole) entries.push(entryOf(journal.subarray(at, end - mark.length)))
    at = journal.indexOf(mark, whole ? end : at + 1)
  }
  return entries
}

function entryOf(record: Buffer): Entry {
  const type = record.readUInt32LE(12)
  const process = record.readUInt32LE(16)
  const call = `${process}/${record.readBigUInt64LE(24)}`
  const inode = record.readBigUInt64LE(32)
  const value = Number(record.readBigInt64LE(40))
  const payload = record.subarray(headBytes)
  switch (type) {
    case 1:
      return { type: 'link', path: payload.toString(), inode, created: value === 1 }
    case 2:
      return { type: 'unlink', path: payload.toString() }
    case 3: {
      const [from, to] = payload.toString().split('\0') as [string, string]
      return { type: 'rename', from, to }
    }
    case 4:
      return { type: 'write', call, inode, offset: value, bytes: payload }
    case 5:
      return { type: 'truncate', call, inode, length: value }
    case 6:
      return { type: 'sync', call, inode }
    case 7:
      return { type: 'done', call, result: value }
    default:
      throw new Error(`the journal has a record of the unknown type ${type}`)
  }
}
