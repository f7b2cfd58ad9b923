import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'

/** The kinds of files of a store, as bits; the values of `enum kind` in faults.h. */
export const fileKinds = { main: 1, wal: 2, shm: 4, journal: 8, folder: 16, other: 32 } as const

export type FileKind = keyof typeof fileKinds

// In the order of `struct control` in faults.h.
const fields = [
  'clockOffsetNs',
  'syncs',
  'syncFailsAt',
  'syncFails',
  'syncKinds',
  'syncsFailed',
  'writes',
  'writeFailsAt',
  'writeFails',
  'writeKinds',
  'writesFailed',
  'writeErrno',
  'writePart',
  // One for each kind of file.
  'mainErrors',
  'walErrors',
  'shmErrors',
  'journalErrors',
  'folderErrors',
  'otherErrors',
] as const

export type ControlField = (typeof fields)[number]

const fieldBytes = 8

/** Steers the preloaded library in all processes that were given the same control file, also while they run. */
export interface Control {
  /** The path of the file. */
  readonly path: string
  set(values: Partial<Readonly<Record<ControlField, number>>>): void
  get(field: ControlField): number
  close(): void
}

/** Makes a control file with which nothing fails. The library maps it into memory, so what is set here is seen there at once. */
export function makeControl(path: string): Control {
  writeFileSync(path, Buffer.alloc(fields.length * fieldBytes), { flag: 'wx' })
  const descriptor = openSync(path, 'r+')
  const cell = Buffer.alloc(fieldBytes)
  const offsetOf = (field: ControlField): number => fields.indexOf(field) * fieldBytes
  return {
    path,
    set(values) {
      for (const [field, value] of Object.entries(values)) {
        cell.writeBigInt64LE(BigInt(Math.round(value)))
        writeSync(descriptor, cell, 0, fieldBytes, offsetOf(field as ControlField))
      }
    },
    get(field) {
      readSync(descriptor, cell, 0, fieldBytes, offsetOf(field))
      return Number(cell.readBigInt64LE())
    },
    close: () => closeSync(descriptor),
  }
}

/** The bits of some kinds of files. */
export const kindBits = (kinds: readonly FileKind[]): number => kinds.reduce((bits, kind) => bits | fileKinds[kind], 0)
