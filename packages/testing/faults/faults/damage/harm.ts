import type { Random } from '../../random.ts'

/** The files of a store by name. */
export type Files = ReadonlyMap<string, Buffer>

/** What the damage is made of. */
export interface Stock {
  /** The name of the store's own file. */
  readonly name: string
  /** The files as they are. */
  readonly now: Files
  /** What they were at earlier times. */
  readonly earlier: readonly Files[]
  /** Those of another store, of the same name. */
  readonly foreign: Files
}

/** One damage that was done. */
export interface Harm {
  readonly kind: string
  readonly files: Files
  /** Where in the store's own file single bits were changed; undefined: more was done, or something else. */
  readonly flipped?: readonly number[]
}

type Way = (stock: Stock, random: Random) => Harm | undefined

const suffixes = ['', '-wal', '-mark'] as const

/** The ways in which files are damaged. One gives undefined where it is none: a file that is not there, or the same again. */
const ways: readonly Way[] = [
  (stock, random) => flip(stock, '', random),
  (stock, random) => flip(stock, '', random),
  (stock, random) => flip(stock, '-wal', random),
  (stock, random) => flip(stock, '-mark', random),
  (stock, random) => cut(stock, '', random),
  (stock, random) => cut(stock, '-wal', random),
  (stock, random) => overwrite(stock, '', random),
  (stock, random) => overwrite(stock, '-wal', random),
  (stock) => replace(stock, 'the log is gone', { '-wal': undefined }),
  (stock, random) => replace(stock, 'an older file', { '': random.pick(stock.earlier).get(stock.name) }),
  (stock, random) => replace(stock, 'an older log', { '-wal': random.pick(stock.earlier).get(`${stock.name}-wal`) }),
  (stock, random) => {
    const earlier = random.pick(stock.earlier)
    return replace(stock, 'an older file with its log', {
      '': earlier.get(stock.name),
      '-wal': earlier.get(`${stock.name}-wal`),
    })
  },
  (stock) => replace(stock, 'the file of another store', { '': stock.foreign.get(stock.name) }),
  (stock) => replace(stock, 'the log of another store', { '-wal': stock.foreign.get(`${stock.name}-wal`) }),
]

/** Damages the files in one way or another. */
export function harm(stock: Stock, random: Random): Harm {
  for (;;) {
    const done = random.pick(ways)(stock, random)
    if (done !== undefined && !isSame(done.files, stock.now)) return done
  }
}

/** Whether an offset of a file is in what tells of its structure: its header, or the head of a page of a b-tree. */
export function isStructure(file: Buffer, offset: number): boolean {
  const pageBytes = 4096
  const start = Math.floor(offset / pageBytes) * pageBytes
  const head = start === 0 ? 100 : start
  if (offset < head) return true
  const type = file[head]
  if (type !== 2 && type !== 5 && type !== 10 && type !== 13) return false
  const headBytes = type === 2 || type === 5 ? 12 : 8
  return offset < head + headBytes + 2 * file.readUInt16BE(head + 3)
}

function flip(stock: Stock, suffix: (typeof suffixes)[number], random: Random): Harm | undefined {
  const before = stock.now.get(stock.name + suffix)
  if (before === undefined || before.length === 0) return undefined
  const bytes = Buffer.from(before)
  const flipped = Array.from({ length: 1 + random.below(3) }, () => random.below(bytes.length))
  for (const offset of flipped) bytes[offset]! ^= 1 << random.below(8)
  const files = new Map(stock.now).set(stock.name + suffix, bytes)
  return { kind: `bits of the ${nameOf(suffix)} flipped`, files, ...(suffix === '' && { flipped }) }
}

function cut(stock: Stock, suffix: '' | '-wal', random: Random): Harm | undefined {
  const before = stock.now.get(stock.name + suffix)
  if (before === undefined) return undefined
  const pages = Math.floor(before.length / 4096)
  const length = random.chance(0.5) ? random.below(before.length) : 4096 * random.below(pages)
  const files = new Map(stock.now).set(stock.name + suffix, before.subarray(0, length))
  return { kind: `the ${nameOf(suffix)} cut off`, files }
}

/** A sector or a page of nothing, or of something else. */
function overwrite(stock: Stock, suffix: '' | '-wal', random: Random): Harm | undefined {
  const before = stock.now.get(stock.name + suffix)
  const length = random.pick([512, 4096])
  if (before === undefined || before.length < 2 * length) return undefined
  const bytes = Buffer.from(before)
  const sectors = Math.floor(before.length / length)
  const [from, to] = [random.below(sectors) * length, random.below(sectors) * length]
  if (random.chance(0.5)) bytes.fill(0, to, to + length)
  else bytes.copy(bytes, to, from, from + length)
  return {
    kind: `a part of the ${nameOf(suffix)} overwritten`,
    files: new Map(stock.now).set(stock.name + suffix, bytes),
  }
}

function replace(
  { name, now }: Stock,
  kind: string,
  replaced: Partial<Readonly<Record<(typeof suffixes)[number], Buffer | undefined>>>,
): Harm {
  const files = new Map(now)
  for (const [suffix, bytes] of Object.entries(replaced)) {
    if (bytes === undefined) files.delete(name + suffix)
    else files.set(name + suffix, bytes)
  }
  return { kind, files }
}

const nameOf = (suffix: string): string => ({ '': 'file', '-wal': 'log', '-mark': 'mark' })[suffix]!

function isSame(one: Files, other: Files): boolean {
  return one.size === other.size && [...one].every(([name, bytes]) => other.get(name)?.equals(bytes))
}
