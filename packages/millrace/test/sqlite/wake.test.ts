import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { eventually, simulatedClock } from '@millrace/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Clock, systemClock } from '../../src/base/index.ts'
import { openDatabase } from '../../src/sqlite/open/open.ts'
import { watchCommits } from '../../src/sqlite/read/wake.ts'
import { temporaryFolder } from './folder.ts'
import { startProcess } from './process.ts'

async function open(path: string): Promise<DatabaseSync> {
  const database = await openDatabase(path, { busyTimeoutMs: 0, clock: systemClock, synchronous: 'normal' })
  onTestFinished(() => database[Symbol.dispose]())
  return database
}

const commit = (database: DatabaseSync): void =>
  database.exec("INSERT INTO millrace_counter VALUES (hex(randomblob(8)), '', 1)")

const fail = (error: unknown): never => {
  throw error
}

/** A clock that also tells the delays it was asked for. */
function recording(clock: Clock): { readonly clock: Clock; readonly delays: number[] } {
  const delays: number[] = []
  const after: Clock['after'] = (delayMs, task) => {
    delays.push(delayMs)
    return clock.after(delayMs, task)
  }
  return { clock: { now: clock.now, monotonic: clock.monotonic, after }, delays }
}

describe('a watch', () => {
  test('tells commits of other connections, several as one, and none of its own', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const [own, foreign] = [await open(path), await open(path)]
    const clock = simulatedClock()
    let told = 0
    const stop = watchCommits(own, clock, () => told++, fail)
    commit(own)
    await clock.advance(100)
    expect(told).toBe(0)
    commit(foreign)
    commit(foreign)
    await clock.advance(20)
    expect(told).toBe(1)
    foreign.exec('BEGIN; ROLLBACK')
    foreign.prepare('SELECT * FROM millrace_counter').all()
    await clock.advance(100)
    expect(told).toBe(1)
    commit(own)
    commit(foreign)
    commit(own)
    await clock.advance(20)
    expect(told).toBe(2)
    stop()
  })

  test('looks every millisecond while something happens, and ever more rarely up to its limit in silence', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const [own, foreign] = [await open(path), await open(path)]
    const simulated = simulatedClock()
    const { clock, delays } = recording(simulated)
    const stop = watchCommits(own, clock, () => {}, fail)
    await simulated.advance(40)
    expect(new Set(delays)).toEqual(new Set([1]))
    await simulated.advance(1_000)
    expect(delays).toEqual(delays.toSorted((a, b) => a - b))
    expect(delays.at(-1)).toBe(20)
    commit(foreign)
    delays.length = 0
    await simulated.advance(20)
    expect(delays[0]).toBe(1)
    stop()
  })

  test('keeps to the limits it is given', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const { clock, delays } = recording(simulatedClock())
    const stop = watchCommits(await open(path), clock, () => {}, fail, { minMs: 5, maxMs: 5 })
    expect(delays).toEqual([5])
    stop()
  })

  test('ends when it is stopped, also by the listener itself', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const [own, foreign] = [await open(path), await open(path)]
    const clock = simulatedClock()
    let told = 0
    const stop = watchCommits(
      own,
      clock,
      () => {
        told++
        stop()
      },
      fail,
    )
    commit(foreign)
    await clock.advance(20)
    commit(foreign)
    await clock.advance(100)
    expect(told).toBe(1)
    expect(clock.waiting).toBe(0)
    watchCommits(own, clock, () => {}, fail)()
    expect(clock.waiting).toBe(0)
  })

  test('ends with the failure when it cannot look any more', async () => {
    const own = await open(join(temporaryFolder(), 'shop.db'))
    const clock = simulatedClock()
    const failures: unknown[] = []
    watchCommits(
      own,
      clock,
      () => {},
      (error) => failures.push(error),
    )
    own.close()
    await clock.advance(100)
    expect(failures).toEqual([expect.objectContaining({ code: 'ERR_INVALID_STATE' })])
    expect(clock.waiting).toBe(0)
  })

  test('does nothing for a store in memory, which nobody else can reach', async () => {
    const clock = simulatedClock()
    watchCommits(await open(':memory:'), clock, () => {}, fail)
    expect(clock.waiting).toBe(0)
  })
})

test('commits of another process are told while they happen, each within one or more calls', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const own = await open(path)
  const other = startProcess()
  await other.ask('open', path)
  const count = own.prepare('SELECT count(*) AS n FROM millrace_counter')
  const seen: unknown[] = []
  const stop = watchCommits(own, systemClock, () => seen.push(count.get()?.n), fail)
  onTestFinished(stop)
  for (let commits = 1; commits <= 20; commits++) {
    await other.ask('exec', `INSERT INTO millrace_counter VALUES ('${commits}', '', 1)`)
    // Nothing but the call makes this true.
    await eventually(() => seen.at(-1) === commits)
  }
  expect(seen).toHaveLength(20)
})

test('a process that does nothing but watch can end', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const other = startProcess()
  await other.ask('open', path)
  await other.ask('watch')
  await other.end()
})
