import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { filesOf, putFiles } from '../../faults/faults/files.ts'
import { type Power, watchPower } from '../../faults/faults/power-loss/power.ts'
import { buildLibrary, libraryUnavailable } from '../../faults/native/library.ts'
import { randomOf } from '../../faults/random.ts'

const reason = await libraryUnavailable()
const program = fileURLToPath(new URL('./committer.ts', import.meta.url))

interface Place {
  /** Watched. */
  readonly store: string
  /** For what a crash may leave. */
  readonly left: string
  readonly power: Power
}

async function place(): Promise<Place> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-power-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const [store, left] = [join(root, 'watched', 'numbers.db'), join(root, 'left', 'numbers.db')]
  mkdirSync(join(root, 'watched'))
  mkdirSync(join(root, 'left'))
  return { store, left, power: watchPower(await buildLibrary(), store, join(root, 'journal')) }
}

/** Lets processes commit until each has told `count` numbers, then kills them. Gives the numbers that were told. */
async function commit(
  { store, power }: Place,
  count: number,
  processes: number,
  ...values: readonly string[]
): Promise<ReadonlySet<number>> {
  const told = new Set<number>()
  const one = async (): Promise<void> => {
    const child = spawn(process.execPath, [program, store, ...values], {
      env: { ...process.env, ...power.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.split('\n').length > count) child.kill('SIGKILL')
    })
    await once(child, 'close')
    for (const line of text.split('\n').slice(0, -1)) told.add(Number(line))
  }
  await Promise.all(Array.from({ length: processes }, one))
  expect(told.size).toBeGreaterThanOrEqual(count)
  return told
}

/** Looks at what a power loss may leave: the numbers that are there, and whether the file is whole. */
function after(
  { left, power }: Place,
  seed: number,
): { readonly numbers: ReadonlySet<number>; readonly whole: boolean } {
  putFiles(left, power.lose(randomOf(seed)))
  const database = new DatabaseSync(left)
  try {
    const whole = database.prepare('PRAGMA integrity_check').get()?.integrity_check === 'ok'
    const exists = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'committed'").get() !== undefined
    const rows = exists ? database.prepare('SELECT number FROM committed').all() : []
    return { whole, numbers: new Set(rows.map(({ number }) => Number(number))) }
  } finally {
    database.close()
  }
}

const lost = (told: ReadonlySet<number>, numbers: ReadonlySet<number>): number =>
  [...told].filter((number) => !numbers.has(number)).length

test.skipIf(reason !== undefined).each([
  ['WAL', 'FULL', '20', 1],
  ['WAL', 'FULL', '1000', 1],
  ['WAL', 'FULL', '20', 3],
  ['WAL', 'EXTRA', '20', 1],
  ['DELETE', 'EXTRA', '0', 1],
  ['TRUNCATE', 'FULL', '0', 1],
] as const)(
  'with journal mode %s, synchronous %s, checkpoints of %s pages and %i processes nothing that SQLite committed is lost',
  async (mode, level, pages, processes) => {
    const at = await place()
    const told = await commit(at, 40, processes, mode, level, pages)
    for (let seed = 0; seed < 40; seed++) {
      const { numbers, whole } = after(at, seed)
      expect({ seed, whole, lost: lost(told, numbers) }).toEqual({ seed, whole: true, lost: 0 })
    }
  },
)

test.skipIf(reason !== undefined)('with synchronous NORMAL commits are lost, but never a part of one', async () => {
  const losses: number[] = []
  // The power may go just after a checkpoint, which syncs everything: then nothing is lost.
  for (let round = 0; round < 6 && !losses.some((count) => count > 0); round++) {
    const at = await place()
    const told = await commit(at, 60 + 3 * round, 1, 'WAL', 'NORMAL', '20')
    for (let seed = 0; seed < 40; seed++) {
      const { numbers, whole } = after(at, seed)
      expect(whole).toBe(true)
      losses.push(lost(told, numbers))
    }
  }
  expect(Math.max(...losses)).toBeGreaterThan(0)
  // Everything, too, may have reached the disk.
  expect(Math.min(...losses)).toBe(0)
})

test.skipIf(reason !== undefined)('with synchronous OFF the file itself is damaged', async () => {
  const at = await place()
  await commit(at, 60, 1, 'WAL', 'OFF', '5')
  const states = Array.from({ length: 40 }, (_, seed) => {
    try {
      return after(at, seed).whole
    } catch {
      return false
    }
  })
  expect(states).toContain(false)
})

test.skipIf(reason !== undefined)('without a power loss the record says what is on the disk', async () => {
  const at = await place()
  await commit(at, 60, 1, 'WAL', 'FULL', '20')
  const kept = at.power.keep()
  const there = new Map([...filesOf(at.store)].filter(([name]) => !name.endsWith('-shm')))
  expect([...kept.keys()].sort()).toEqual([...there.keys()].sort())
  for (const [name, bytes] of there) expect(kept.get(name)?.equals(bytes)).toBe(true)
})
