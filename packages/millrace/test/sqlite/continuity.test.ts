import { copyFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { eventually } from '@millrace/testing'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/index.ts'
import { markPath, readMark } from '../../src/sqlite/open/mark.ts'
import { openDatabase } from '../../src/sqlite/open/open.ts'
import { openToRead } from '../../src/sqlite/open/open-to-read.ts'
import { commitStep } from '../../src/sqlite/tables/commit-count.ts'
import type { OpenEngine } from '../../src/transport/index.ts'
import { event, newPath, openEngine, type TestEngineOptions } from './engine.ts'
import { contents } from './folder.ts'

// What is beside a file is of the same store and the same time, or the store is refused.

const suffixes = ['', '-wal', '-mark'] as const
type Suffix = (typeof suffixes)[number]

interface Open extends OpenEngine {
  /** Commits so many events, one by one, and waits until the mark tells of them, if there is one. */
  grow(events: number): Promise<void>
}

async function open(path: string, options: TestEngineOptions = {}): Promise<Open> {
  const engine = await openEngine({ path, ...options })
  return {
    store: engine.store,
    log: engine.log,
    async grow(events) {
      for (let count = 0; count < events; count++) await engine.store.commit({ append: [{ event: event() }] })
      if (!existsSync(markPath(path))) return
      const database = new DatabaseSync(path, { readOnly: true })
      const commits = commitsOf(database)
      database.close()
      await eventually(() => readMark(path, path)?.commits === commits)
    },
  }
}

/** A store as a crash would leave it now, in a place of its own. */
function crashed(path: string, of: readonly Suffix[] = suffixes): string {
  const copy = newPath()
  take(copy, path, of)
  return copy
}

/** Puts files of another place into this one. */
function take(path: string, from: string, of: readonly Suffix[]): void {
  for (const suffix of of) {
    if (existsSync(from + suffix)) copyFileSync(from + suffix, path + suffix)
    else rmSync(path + suffix, { force: true })
  }
}

/** Copies the log into the file. */
function checkpoint(path: string): void {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  database.close()
}

const commitsIn = async (path: string): Promise<number> => {
  const database = await openDatabase(path, { busyTimeoutMs: 0, clock: systemClock })
  const commits = commitsOf(database)
  database.close()
  return commits
}

const commitsOf = (database: DatabaseSync): number =>
  Number(database.prepare("SELECT value FROM millrace_state WHERE name = 'commits'").get()?.value) / commitStep

/** It is refused for this reason by whoever opens it, and left as it is. */
async function refused(path: string, reason: string): Promise<void> {
  const before = contents(join(path, '..'))
  const expected = { code: 'STORE_DAMAGED', fields: { reason: expect.stringContaining(reason) } }
  await expect(openDatabase(path, { busyTimeoutMs: 0, clock: systemClock })).rejects.toMatchObject(expected)
  await expect(openToRead(path, path)).rejects.toMatchObject(expected)
  expect(contents(join(path, '..'))).toMatchObject(before)
}

const frameBytes = 24 + 4096
const frames = (path: string): number => Math.floor((statSync(`${path}-wal`).size - 32) / frameBytes)

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at]! ^= 0x10
  writeFileSync(path, bytes)
}

test('after a crash everything is there, and the mark names the newest commit', async () => {
  const path = newPath()
  await (await open(path)).grow(20)
  const copy = crashed(path)
  expect(readMark(copy, copy)?.commits).toBe(20)
  expect(await commitsIn(copy)).toBe(20)
})

test('a log that was cut anywhere is refused', async () => {
  const path = newPath()
  await (await open(path)).grow(12)
  for (let cut = 0; cut < frames(path); cut += 3) {
    const copy = crashed(path)
    truncateSync(`${copy}-wal`, 32 + cut * frameBytes + (cut % 3) * 1_000)
    await refused(copy, 'but number 12 was acknowledged')
  }
})

test('a log that is missing is refused, and so is an older state of both', async () => {
  const path = newPath()
  const engine = await open(path)
  await engine.grow(5)
  const older = crashed(path)
  await engine.grow(5)
  const without = crashed(path)
  rmSync(`${without}-wal`)
  await refused(without, 'number 10 was acknowledged')
  const restored = crashed(path)
  take(restored, older, ['', '-wal'])
  await refused(restored, 'the newest of its commits is number 5, but number 10 was acknowledged')
  rmSync(markPath(restored))
  expect(await commitsIn(restored)).toBe(5)
})

test('without a mark a log that is damaged before its last commit is refused', async () => {
  const path = newPath()
  await (await open(path)).grow(12)
  const whole = crashed(path, ['', '-wal'])
  expect(await commitsIn(whole)).toBe(12)
  // The frames of the migrations are at the beginning, those of the last commit at the end.
  for (let frame = 1; frame < frames(path) - 12; frame++) {
    const copy = crashed(path, ['', '-wal'])
    const octet = [0, 9, 17, 24 + ((frame * 37) % 4096)][frame % 4]!
    flip(`${copy}-wal`, 32 + frame * frameBytes + octet)
    await expect(openDatabase(copy, { busyTimeoutMs: 0, clock: systemClock })).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
    })
  }
  const copy = crashed(path, ['', '-wal'])
  flip(`${copy}-wal`, 12)
  await refused(copy, 'its write-ahead log is damaged: it has commits up to number 12')
})

test('damage of the last commit in the log is told by the mark', async () => {
  const path = newPath()
  await (await open(path)).grow(12)
  const copy = crashed(path)
  flip(`${copy}-wal`, statSync(`${copy}-wal`).size - 100)
  await refused(copy, 'the newest of its commits is number 11, but number 12 was acknowledged')
})

test('a log older than the file is refused without a mark, too', async () => {
  const path = newPath()
  const engine = await open(path)
  await engine.grow(5)
  const older = crashed(path)
  await engine.grow(5)
  checkpoint(path)
  const copy = crashed(path, [''])
  take(copy, older, ['-wal'])
  await refused(copy, 'its write-ahead log is older than the file')
})

test('a file older than its log is refused without a mark, too', async () => {
  const path = newPath()
  const engine = await open(path)
  await engine.grow(5)
  checkpoint(path)
  const older = crashed(path)
  await engine.grow(5)
  checkpoint(path)
  // The log begins anew.
  await engine.grow(5)
  const copy = crashed(path, ['', '-wal'])
  expect(await commitsIn(crashed(copy))).toBe(15)
  take(copy, older, [''])
  await refused(copy, 'its file is older than the write-ahead log')
})

test('a file that was not copied to yet is refused beside a log that goes on from a later one', async () => {
  const path = newPath()
  const engine = await open(path)
  const fresh = crashed(path, [''])
  await engine.grow(5)
  checkpoint(path)
  await engine.grow(5)
  const copy = crashed(path, ['-wal'])
  take(copy, fresh, [''])
  await expect(openDatabase(copy, { busyTimeoutMs: 0, clock: systemClock })).rejects.toMatchObject({
    code: 'STORE_DAMAGED',
  })
})

test('the log of another store is refused without a mark, too', async () => {
  const [path, other] = [newPath(), newPath()]
  const engine = await open(path)
  await engine.grow(5)
  checkpoint(path)
  await (await open(other)).grow(5)
  const copy = crashed(path, [''])
  take(copy, other, ['-wal'])
  await refused(copy, 'another store')
})

test('another store in the place of this one is refused until the mark is removed', async () => {
  const [path, other] = [newPath(), newPath()]
  for (const place of [path, other]) {
    const engine = await open(place)
    await engine.grow(3)
    await engine.store.close()
  }
  take(path, other, [''])
  await refused(
    path,
    `another store was at this place before; to accept this file as it is, remove '${markPath(path)}'`,
  )
  rmSync(markPath(path))
  expect(await commitsIn(path)).toBe(3)
})

test('where the file was removed a new store begins, with a mark of its own', async () => {
  const path = newPath()
  const first = await open(path)
  await first.grow(5)
  const { identity } = readMark(path, path)!
  await first.store.close()
  rmSync(path)
  const second = await open(path)
  await second.grow(1)
  expect(readMark(path, path)).toEqual({ identity: expect.any(Number), commits: 1 })
  expect(readMark(path, path)?.identity).not.toBe(identity)
})

test('a file of which nothing is left is refused', async () => {
  const path = newPath()
  const engine = await open(path)
  await engine.grow(5)
  await engine.store.close()
  truncateSync(path)
  const opening = openDatabase(path, { busyTimeoutMs: 0, clock: systemClock })
  await expect(opening).rejects.toMatchObject({
    code: 'STORE_DAMAGED',
    fields: { reason: expect.stringContaining('it is empty, but commits were acknowledged') },
  })
  expect(statSync(path).size).toBe(0)
})

test('a mark of which a power failure left a part says nothing', async () => {
  const path = newPath()
  await (await open(path)).grow(5)
  const copy = crashed(path)
  for (const change of [
    () => flip(markPath(copy), 20),
    () => truncateSync(markPath(copy), 31),
    () => truncateSync(markPath(copy)),
  ]) {
    change()
    expect(await commitsIn(copy)).toBe(5)
  }
})

test('with synchronous normal a power failure may take the newest commits, and that is no damage', async () => {
  const path = newPath()
  const engine = await open(path, { synchronous: 'normal' })
  await engine.grow(12)
  const copy = crashed(path)
  flip(`${copy}-wal`, 32 + (frames(copy) - 20) * frameBytes + 100)
  expect(await commitsIn(copy)).toBeLessThan(12)
})

test('what changes nothing is not counted, and what another connection commits is', async () => {
  const path = newPath()
  const [one, other] = [await open(path), await open(path)]
  await one.grow(2)
  await other.grow(3)
  await one.store.commit({})
  expect(readMark(path, path)?.commits).toBe(5)
  await one.grow(1)
  expect(readMark(path, path)?.commits).toBe(6)
  expect(await commitsIn(crashed(path))).toBe(6)
})

test('a mark is made with the permissions of the file', async () => {
  const path = newPath()
  await (await open(path)).grow(1)
  expect(statSync(markPath(path)).mode & 0o777).toBe(statSync(path).mode & 0o777)
})
