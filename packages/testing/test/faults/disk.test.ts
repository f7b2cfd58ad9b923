import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crash, unharmed } from '../../faults/faults/power-loss/crash.ts'
import { type BaseFile, Disk } from '../../faults/faults/power-loss/disk.ts'
import type { Entry } from '../../faults/faults/power-loss/journal.ts'
import { randomOf } from '../../faults/random.ts'

// What may be on a disk after a power failure, from what was done before.

const folder = 1n
let calls = 0

/** Writes and syncs as one process makes them, one after the other. */
const open = (path: string, inode: bigint, created = true): Entry[] => [
  { type: 'link', path: `/f/${path}`, inode, created },
]
const call = (make: (call: string) => Entry, result: number): Entry[] => {
  const name = `1/${++calls}`
  return [make(name), { type: 'done', call: name, result }]
}
const write = (inode: bigint, offset: number, text: string): Entry[] =>
  call((name) => ({ type: 'write', call: name, inode, offset, bytes: Buffer.from(text) }), text.length)
const truncate = (inode: bigint, length: number): Entry[] =>
  call((name) => ({ type: 'truncate', call: name, inode, length }), 0)
const sync = (inode: bigint, result = 0): Entry[] => call((name) => ({ type: 'sync', call: name, inode }), result)
const unlink = (path: string): Entry[] => [{ type: 'unlink', path: `/f/${path}` }]

const base: readonly BaseFile[] = [{ name: 'a', inode: 2n, bytes: Buffer.from('old.') }]

/** The texts of a file that many power failures leave; undefined where it is not there. */
function outcomes(entries: readonly Entry[], name = 'a'): ReadonlySet<string | undefined> {
  const found = new Set<string | undefined>()
  for (let seed = 0; seed < 300; seed++) {
    const disk = new Disk(base, folder, randomOf(seed))
    for (const entry of entries) disk.follow(entry)
    found.add(
      crash(disk, randomOf(seed + 1_000_000))
        .get(name)
        ?.toString(),
    )
  }
  return found
}

function kept(entries: readonly Entry[]): ReadonlyMap<string, string> {
  const disk = new Disk(base, folder)
  for (const entry of entries) disk.follow(entry)
  return new Map([...unharmed(disk)].map(([name, bytes]) => [name, bytes.toString()]))
}

describe('what is written', () => {
  test('and synced is there', () => {
    expect(outcomes([...write(2n, 0, 'new!'), ...sync(2n)])).toEqual(new Set(['new!']))
  })

  test('and not synced is there, or not, or torn at one place', () => {
    const found = outcomes(write(2n, 0, 'NEW!'))
    expect(found).toContain('old.')
    expect(found).toContain('NEW!')
    expect(found).toContain('NEd.')
    expect(found).toContain('olW!')
    for (const text of found) expect(text).toMatch(/^(N?(?<=^|N)E?W?!?[old.]*|o?l?d?\.?[NEW!]*)$/)
  })

  test('after a sync began is not made durable by it', () => {
    const began: Entry = { type: 'sync', call: '2/1', inode: 2n }
    const ended: Entry = { type: 'done', call: '2/1', result: 0 }
    expect(outcomes([began, ...write(2n, 0, 'NEW!'), ended])).toContain('old.')
    const [begin, done] = write(2n, 0, 'NEW!') as [Entry, Entry]
    expect(outcomes([begin, began, done, ended])).toContain('old.')
    expect(outcomes([begin, done, began, ended])).toEqual(new Set(['NEW!']))
  })

  test('may be on the disk in another order', () => {
    const found = outcomes([...write(2n, 0, 'x'.repeat(512)), ...write(2n, 512, 'y'.repeat(512))])
    expect(found).toContain(`${'x'.repeat(512)}${'y'.repeat(512)}`)
    expect(found).toContain('x'.repeat(512))
    expect(found).toContain(`old.${'\0'.repeat(508)}${'y'.repeat(512)}`)
  })

  test('and could not be synced is not mended by a later sync', () => {
    const found = outcomes([...write(2n, 0, 'NEW!'), ...sync(2n, -5), ...sync(2n)])
    expect(found).toEqual(new Set(['old.', 'NEW!']))
    expect(outcomes([...write(2n, 0, 'NEW!'), ...sync(2n, -5), ...write(2n, 0, 'NEW!'), ...sync(2n)])).toEqual(
      new Set(['NEW!']),
    )
  })

  test('in vain is not there, and of a short write only the beginning', () => {
    const short: Entry[] = [
      { type: 'write', call: '3/1', inode: 2n, offset: 0, bytes: Buffer.from('NEW!') },
      { type: 'done', call: '3/1', result: 2 },
      { type: 'write', call: '3/2', inode: 2n, offset: 2, bytes: Buffer.from('W!') },
      { type: 'done', call: '3/2', result: -28 },
    ]
    expect(outcomes([...short, ...sync(2n)])).toEqual(new Set(['NEd.']))
  })

  test('to a length that is cut is gone when the file grows again', () => {
    expect(outcomes([...truncate(2n, 1), ...write(2n, 3, '!'), ...sync(2n)])).toEqual(new Set(['o\0\0!']))
  })
})

describe('a name', () => {
  test('is there for certain once the folder is synced', () => {
    const made = [...open('b', 3n), ...write(3n, 0, 'b'), ...sync(3n)]
    expect(outcomes(made, 'b')).toEqual(new Set([undefined, 'b']))
    expect(outcomes([...made, ...sync(folder)], 'b')).toEqual(new Set(['b']))
    expect(outcomes([...made, ...sync(folder, -5)], 'b')).toEqual(new Set([undefined, 'b']))
  })

  test('that is removed may come back until the folder is synced', () => {
    expect(outcomes(unlink('a'))).toEqual(new Set(['old.', undefined]))
    expect(outcomes([...unlink('a'), ...sync(folder)])).toEqual(new Set([undefined]))
  })

  test('may stand for a new file, whose number may be that of the old one', () => {
    const again = [...unlink('a'), ...open('a', 2n), ...write(2n, 0, 'again'), ...sync(2n)]
    expect(outcomes(again)).toEqual(new Set(['old.', undefined, 'again']))
    expect(outcomes([...again, ...sync(folder)])).toEqual(new Set(['again']))
  })

  test('of a file that two processes made at once stands for one file', () => {
    const made = [...open('b', 3n), ...write(3n, 0, 'b'), ...open('b', 3n), ...sync(3n), ...sync(folder)]
    expect(outcomes(made, 'b')).toEqual(new Set(['b']))
  })

  test('goes with a file that is renamed', () => {
    const renamed: Entry[] = [{ type: 'rename', from: '/f/a', to: '/f/b' }, ...sync(folder)]
    expect(outcomes(renamed, 'b')).toEqual(new Set(['old.']))
    expect(outcomes(renamed)).toEqual(new Set([undefined]))
  })
})

test('whatever is done, a power failure takes nothing that was synced since it was written last', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ offset: fc.nat(3_000), length: fc.integer({ min: 1, max: 2_000 }) }) },
    { weight: 1, arbitrary: fc.constant('sync' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.nat(), (steps, seed) => {
      const entries: Entry[] = []
      /** What is certain of each octet: what was synced, unless it was written since. */
      const now: number[] = []
      let certain: (number | undefined)[] = []
      for (const [index, one] of steps.entries()) {
        if (one === 'sync') {
          entries.push(...sync(2n))
          certain = [...now]
          continue
        }
        const letter = String.fromCharCode(97 + index)
        entries.push(...write(2n, one.offset, letter.repeat(one.length)))
        for (let at = one.offset; at < one.offset + one.length; at++) {
          now[at] = letter.charCodeAt(0)
          certain[at] = undefined
        }
      }
      const disk = new Disk([{ name: 'a', inode: 2n, bytes: Buffer.alloc(0) }], folder, randomOf(seed))
      for (const entry of entries) disk.follow(entry)
      const left = crash(disk, randomOf(seed)).get('a')!
      for (const [at, octet] of certain.entries()) if (octet !== undefined) expect(left[at]).toBe(octet)
    }),
  )
})

test('without a power failure everything is there', () => {
  const entries = [
    ...write(2n, 0, 'NEW!'),
    ...open('b', 3n),
    ...write(3n, 0, 'b'),
    ...sync(2n, -5),
    ...write(2n, 4, '!'),
  ]
  expect(kept(entries)).toEqual(
    new Map([
      ['a', 'NEW!!'],
      ['b', 'b'],
    ]),
  )
})
