import type { Random } from '../../random.ts'
import { all, type Change, contentAt, type Reached, touched } from './content.ts'
import { type Disk, type DiskFile, sectorBytes } from './disk.ts'

/** How a disk may have gone about what it was not told to make durable. */
const ways = {
  /** It has done nothing of it. */
  nothing: () => () => 0,
  /** It has done all of it. */
  everything: (changes: readonly Change[]) => () => changes.length,
  /** In order, up to some moment. */
  inOrder: (changes: readonly Change[], random: Random) => {
    const version = random.below(changes.length + 1)
    return () => version
  },
  /** Each block by itself, in any order. */
  anyOrder: (changes: readonly Change[], random: Random) => () => random.below(changes.length + 1),
  /** Each block is as it was, or as it is. */
  someBlocks: (changes: readonly Change[], random: Random) => {
    const share = random.next()
    return () => (random.chance(share) ? changes.length : 0)
  },
  /** All but one block. */
  allButOne: (changes: readonly Change[], random: Random, blocks: readonly number[]) => {
    const missing = random.pick(blocks)
    return (block: number) => (block === missing ? 0 : changes.length)
  },
  /** One block only. */
  onlyOne: (changes: readonly Change[], random: Random, blocks: readonly number[]) => {
    const there = random.pick(blocks)
    return (block: number) => (block === there ? changes.length : 0)
  },
} satisfies Record<
  string,
  (changes: readonly Change[], random: Random, blocks: readonly number[]) => (block: number) => number
>

const pageBytes = 4096

/**
 * What may be in the folder after a crash, by name: everything that is durable, and of the rest what chance decides. The
 * model: a disk writes sectors of 512 octets, or pages of 4 KiB, each whole, in any order; one sector may be cut anywhere, its
 * first part new and the rest old, or the other way round. Octets that no write named keep their value ("powersafe overwrite",
 * https://www.sqlite.org/psow.html, on which SQLite counts too). The length of a file may be ahead of what it holds, the rest being
 * zeros, or behind it. A name may stand for what it stood for at any moment since the folder was synced.
 */
export function crash(disk: Disk, random: Random): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>()
  const keepsNames = random.chance(0.5)
  for (const [name, { durable, pending }] of disk.names) {
    const reached = keepsNames ? pending.length : random.below(pending.length + 1)
    const file = reached === 0 ? durable : pending[reached - 1]!.file
    if (file !== undefined) contents.set(name, crashedFile(file, random))
  }
  return contents
}

/** What is in the folder if everything reached the disk, as after the death of a process alone. */
export function unharmed(disk: Disk): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>()
  for (const [name, { durable, pending }] of disk.names) {
    const last = pending.at(-1)
    const file = last === undefined ? durable : last.file
    if (file !== undefined) contents.set(name, contentAt(file.durable.bytes, file.pending, all(file.pending)))
  }
  return contents
}

function crashedFile({ durable: { bytes: durable }, pending }: DiskFile, random: Random): Buffer {
  if (pending.length === 0) return Buffer.from(durable)
  const blockBytes = random.chance(0.7) ? sectorBytes : pageBytes
  const blocks = [...touched(durable.length, pending, blockBytes).keys()]
  const block = memo(random.pick(Object.values(ways))(pending, random, blocks))
  const furthest = Math.max(...blocks.map(block))
  // The length goes with what was written last, or by itself.
  const length = random.chance(0.5) ? furthest : random.below(pending.length + 1)
  const reached: Reached = { blockBytes, block, length }
  const content = contentAt(durable, pending, reached)
  if (random.chance(0.5)) tear(content, durable, pending, reached, random)
  return content
}

/** Cuts one sector in two: a part of it has seen one change more, or one less, than the other. */
function tear(content: Buffer, durable: Buffer, pending: readonly Change[], reached: Reached, random: Random): void {
  const next = contentAt(durable, pending, {
    ...reached,
    block: (number) => Math.min(pending.length, reached.block(number) + 1),
  })
  const endOf = (sector: number): number => Math.min((sector + 1) * sectorBytes, content.length)
  const different = [...touched(durable.length, pending, sectorBytes).keys()].filter((sector) => {
    const [start, end] = [sector * sectorBytes, endOf(sector)]
    return start < end && !content.subarray(start, end).equals(next.subarray(start, end))
  })
  if (different.length === 0) return
  const sector = random.pick(different)
  const [start, end] = [sector * sectorBytes, endOf(sector)]
  const cut = start + random.below(end - start)
  const [from, to] = random.chance(0.5) ? [start, cut] : [cut, end]
  content.set(next.subarray(from, to), from)
}

/** A block must be asked about once only, as the answer is by chance. */
function memo(block: (number: number) => number): (number: number) => number {
  const known = new Map<number, number>()
  return (number) => {
    const answer = known.get(number) ?? block(number)
    known.set(number, answer)
    return answer
  }
}
