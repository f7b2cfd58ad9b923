import { basename } from 'node:path'
import type { Random } from '../../random.ts'
import { type Change, contentAt, type Reached } from './content.ts'
import { GrowingBuffer } from './growing-buffer.ts'
import type { Entry } from './journal.ts'

/** A file, by whatever name. */
export interface DiskFile {
  /** What is on the disk for certain. */
  readonly durable: GrowingBuffer
  /** What was done since, in order. */
  pending: Change[]
}

/** What a name stands for from some moment on; undefined: nothing. */
interface Naming {
  readonly file: DiskFile | undefined
}

/** A name in the folder. */
export interface DiskName {
  /** What it stands for on the disk for certain. */
  durable: DiskFile | undefined
  /** What it stood for since the folder was synced last, in order. */
  readonly pending: Naming[]
}

/** A file as it was before the journal begins, all of it durable. */
export interface BaseFile {
  readonly name: string
  readonly inode: bigint
  readonly bytes: Buffer
}

/** The unit that a disk writes whole or not at all, in octets; but for the one under way at the moment of the crash. */
export const sectorBytes = 512

/** What a sync makes durable once it has succeeded: what was done when it began. */
type Sync =
  | { readonly of: 'file'; readonly file: DiskFile; readonly covers: ReadonlySet<Change> }
  | { readonly of: 'folder'; readonly covers: ReadonlySet<Naming> }

/**
 * A folder of files as a disk knows it: what is safe there, and what may be. It follows a journal: what was synced becomes
 * durable, and everything else stays pending. A sync covers what was done before it began, and makes it durable when it has
 * succeeded. After one that failed the system forgets what it could not write (https://wiki.postgresql.org/wiki/Fsync_Errors):
 * each sector of that is on the disk or not, by chance, and no later sync mends it. Names become durable with a sync of the
 * folder, and files only with their own.
 */
export class Disk {
  readonly names = new Map<string, DiskName>()
  readonly #folderInode: bigint
  readonly #random: Random | undefined
  readonly #files = new Map<bigint, DiskFile>()
  /** What the names stand for now. */
  readonly #linked = new Map<string, DiskFile>()
  /** Changes whose calls have not come back yet. */
  readonly #underWay = new Map<string, { readonly file: DiskFile; readonly change: Change }>()
  readonly #syncs = new Map<string, Sync>()

  /** @param random decides what a sync that failed has left on the disk; without it such a sync is as if it had not been */
  constructor(base: readonly BaseFile[], folderInode: bigint, random?: Random) {
    this.#folderInode = folderInode
    this.#random = random
    for (const { name, inode, bytes } of base) {
      const file: DiskFile = { durable: new GrowingBuffer(bytes), pending: [] }
      this.#files.set(inode, file)
      this.#linked.set(name, file)
      this.names.set(name, { durable: file, pending: [] })
    }
  }

  /** Does what the next entry of the journal tells. */
  follow(entry: Entry): void {
    switch (entry.type) {
      case 'link':
        this.#open(entry.path, entry.inode, entry.created)
        break
      case 'unlink':
        this.#name(entry.path, undefined)
        break
      case 'rename':
        this.#name(entry.to, this.#linked.get(basename(entry.from)))
        this.#name(entry.from, undefined)
        break
      case 'write':
        this.#change(entry.call, entry.inode, { type: 'write', offset: entry.offset, bytes: entry.bytes })
        break
      case 'truncate':
        this.#change(entry.call, entry.inode, { type: 'truncate', length: entry.length })
        break
      case 'sync':
        this.#syncs.set(entry.call, this.#beginSync(entry.inode))
        break
      case 'done':
        this.#endChange(entry.call, entry.result)
        this.#endSync(entry.call, entry.result === 0)
        break
    }
  }

  #open(path: string, inode: bigint, created: boolean): void {
    if (inode === this.#folderInode) return
    const linked = this.#linked.get(basename(path))
    // Two processes may both believe to have created it. The number of a file that is gone may be given to a new one.
    if (linked !== undefined && this.#files.get(inode) === linked) return
    // One that was not created here is just being created by another process, which tells of it in a moment, or died before it could.
    if (!created && linked !== undefined) {
      throw new Error(`the journal does not tell where the file '${path}' comes from`)
    }
    const file: DiskFile = { durable: new GrowingBuffer(), pending: [] }
    this.#files.set(inode, file)
    this.#name(path, file)
  }

  #name(path: string, file: DiskFile | undefined): void {
    const name = basename(path)
    if (file === undefined) this.#linked.delete(name)
    else this.#linked.set(name, file)
    const known = this.names.get(name)
    if (known === undefined) this.names.set(name, { durable: undefined, pending: [{ file }] })
    else known.pending.push({ file })
  }

  #change(call: string, inode: bigint, change: Change): void {
    const file = this.#fileOf(inode)
    file.pending.push(change)
    this.#underWay.set(call, { file, change })
  }

  #endChange(call: string, result: number): void {
    const ended = this.#underWay.get(call)
    if (ended === undefined) return
    this.#underWay.delete(call)
    const { file, change } = ended
    if (result < 0) file.pending = file.pending.filter((other) => other !== change)
    // A write may be cut short.
    else if (change.type === 'write' && result < change.bytes.length) {
      const made: Change = { ...change, bytes: change.bytes.subarray(0, result) }
      file.pending = file.pending.map((other) => (other === change ? made : other))
    }
  }

  #beginSync(inode: bigint): Sync {
    if (inode === this.#folderInode) {
      return { of: 'folder', covers: new Set([...this.names.values()].flatMap(({ pending }) => pending)) }
    }
    const file = this.#fileOf(inode)
    const underWay = new Set([...this.#underWay.values()].map(({ change }) => change))
    return { of: 'file', file, covers: new Set(file.pending.filter((change) => !underWay.has(change))) }
  }

  #endSync(call: string, succeeded: boolean): void {
    const sync = this.#syncs.get(call)
    if (sync === undefined) return
    this.#syncs.delete(call)
    if (sync.of === 'folder') {
      if (!succeeded) return
      for (const name of this.names.values()) {
        while (name.pending.length > 0 && sync.covers.has(name.pending[0]!)) name.durable = name.pending.shift()!.file
      }
      return
    }
    const { file } = sync
    const random = this.#random
    if (!succeeded && random === undefined) return
    // What another sync has made durable meanwhile is pending no more.
    const covered = file.pending.filter((change) => sync.covers.has(change))
    file.pending = file.pending.filter((change) => !sync.covers.has(change))
    if (succeeded || random === undefined) file.durable.apply(covered)
    else file.durable.replace(contentAt(file.durable.bytes, covered, byChance(covered, random)))
  }

  #fileOf(inode: bigint): DiskFile {
    const file = this.#files.get(inode)
    if (file === undefined) throw new Error(`the journal tells of a file (inode ${inode}) that nobody opened`)
    return file
  }
}

/** What is on the disk of changes that could not be synced. */
function byChance(changes: readonly Change[], random: Random): Reached {
  const version = (): number => random.below(changes.length + 1)
  return { blockBytes: sectorBytes, block: version, length: version() }
}
