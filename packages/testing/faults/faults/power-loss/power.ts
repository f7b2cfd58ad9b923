import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { libraryEnv } from '../../native/library.ts'
import type { Random } from '../../random.ts'
import { filesOf } from '../files.ts'
import { crash, unharmed } from './crash.ts'
import { type BaseFile, Disk } from './disk.ts'
import { type Entry, readJournal } from './journal.ts'

/** The power of a store: what processes do to its files is recorded, so that it can be told what a power loss may leave. */
export interface Power {
  /** The environment for the processes. */
  readonly env: Readonly<Record<string, string>>
  /** What may be left of the files of the store, by name, if the power fails now. Asked again, it gives another possibility. */
  lose(random: Random): ReadonlyMap<string, Buffer>
  /** What they are as long as the power is on: to check the record against the truth. */
  keep(): ReadonlyMap<string, Buffer>
}

/** SQLite rebuilds the index of the log after a crash, whatever is in it. */
const isIndex = (name: string): boolean => name.endsWith('-shm')

/**
 * Watches a store from now on; what is there now is taken for durable. Nobody may have it open.
 * @param journal where the record is kept: a file that does not exist yet, and whose name does not begin as the store's
 * @param control what else the preloaded library is to do, see `makeControl`
 */
export function watchPower(library: string, store: string, journal: string, control?: string): Power {
  const folder = dirname(store)
  const folderInode = statSync(folder, { bigint: true }).ino
  const base: BaseFile[] = [...filesOf(store)]
    .filter(([name]) => !isIndex(name))
    .map(([name, bytes]) => ({ name, bytes, inode: statSync(join(folder, name), { bigint: true }).ino }))
  let known: { readonly entries: readonly Entry[]; readonly bytes: number } | undefined

  const disk = (random?: Random): Disk => {
    const bytes = existsSync(journal) ? statSync(journal).size : 0
    if (known?.bytes !== bytes) known = { entries: bytes === 0 ? [] : readJournal(readFileSync(journal)), bytes }
    const followed = new Disk(base, folderInode, random)
    for (const entry of known.entries) followed.follow(entry)
    return followed
  }

  return {
    env: libraryEnv(library, { store, journal, ...(control !== undefined && { control }) }),
    lose(random) {
      const left = new Map(crash(disk(random), random))
      // An index may have been written back at any time, but after a crash nothing of it counts.
      for (const name of [...left.keys()]) {
        if (name.endsWith('-wal') && random.chance(0.3)) left.set(name.replace(/-wal$/, '-shm'), garbage(random))
      }
      return left
    },
    keep: () => unharmed(disk()),
  }
}

function garbage(random: Random): Buffer {
  return Buffer.from(Array.from({ length: 32_768 }, () => random.below(256)))
}
