import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { simulatedClock } from '@millrace/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/index.ts'
import { openDatabase } from '../../src/sqlite/open/open.ts'
import { applicationId, schemaVersion } from '../../src/sqlite/open/schema.ts'
import { pragma } from '../../src/sqlite/open/settings.ts'
import { isSafeVersion } from '../../src/sqlite/open/sqlite-version.ts'
import { contents, temporaryFolder } from './folder.ts'
import { startProcess } from './process.ts'
import { mount, succeeds } from './system.ts'

const options = { busyTimeoutMs: 10_000, clock: systemClock }

async function open(path: string, more: { readonly synchronous?: 'full' | 'normal' } = {}): Promise<DatabaseSync> {
  const database = await openDatabase(path, { ...options, ...more })
  onTestFinished(() => database[Symbol.dispose]())
  return database
}

describe('a new store', () => {
  test('is marked, private, logged ahead and durable', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const database = await open(path)
    expect(pragma(database, 'application_id')).toBe(applicationId)
    expect(pragma(database, 'user_version')).toBe(schemaVersion)
    expect(pragma(database, 'journal_mode')).toBe('wal')
    expect(pragma(database, 'synchronous')).toBe(2)
    expect(pragma(database, 'foreign_keys')).toBe(1)
    expect(pragma(database, 'trusted_schema')).toBe(0)
    expect(pragma(database, 'cell_size_check')).toBe(1)
    expect(pragma(database, 'busy_timeout')).toBe(0)
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('carries its mark in the file itself before anything is in the log', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    await open(path)
    expect(readFileSync(path).readUInt32BE(68)).toBe(applicationId)
  })

  test("does without fsync at commits where it is told 'normal'", async () => {
    const database = await open(join(temporaryFolder(), 'shop.db'), { synchronous: 'normal' })
    expect(pragma(database, 'synchronous')).toBe(1)
  })

  test('in memory has the same schema', async () => {
    const database = await open(':memory:')
    expect(pragma(database, 'user_version')).toBe(schemaVersion)
    expect(database.prepare('SELECT count(*) AS n FROM millrace_event').get()).toEqual({ n: 0 })
  })

  test('may begin as an empty file, behind a link, and under a name that looks like an address', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'empty'), '')
    symlinkSync(join(folder, 'empty'), join(folder, 'link'))
    expect(pragma(await open(join(folder, 'link')), 'user_version')).toBe(schemaVersion)
    const odd = join(folder, 'file:a b?mode=memory#1%20.db')
    await open(odd)
    expect(statSync(odd).isFile()).toBe(true)
  })

  test('keeps the permissions that its owner gave an existing file', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    writeFileSync(path, '')
    chmodSync(path, 0o660)
    await open(path)
    expect(statSync(path).mode & 0o777).toBe(0o660)
  })
})

describe('a place where no store can be', () => {
  test.for([
    ['', 'the path is empty'],
    ['none/shop.db', "the folder '.*none' does not exist"],
    ['text/shop.db', "'.*text' is not a folder|cannot be looked up \\(ENOTDIR\\)"],
    ['folder', 'it is a folder'],
    ['pipe', 'it is not a regular file'],
  ] as const)('%s: %s', async ([name, reason]) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'text'), 'text')
    mkdirSync(join(folder, 'folder'))
    expect(succeeds('mkfifo', join(folder, 'pipe'))).toBe(true)
    const opening = openDatabase(name === '' ? name : join(folder, name), options)
    await expect(opening).rejects.toMatchObject({
      code: 'STORE_UNREADABLE',
      fields: { reason: expect.stringMatching(reason) },
    })
  })

  test.for([
    ['a folder that may not be written', 0o555, 0o600, 'the folder .* may not be written'],
    ['a file that may not be written', 0o777, 0o444, 'shop.db. may not be read and written'],
    ['a file that may not be read', 0o777, 0o200, 'shop.db. may not be read and written'],
  ] as const)('%s', async ([, folderMode, fileMode, reason]) => {
    const folder = temporaryFolder()
    const path = join(folder, 'shop.db')
    const database = await open(path)
    database.close()
    const other = startProcess()
    // Nobody, when the tests run as the administrator, whom no permission stops.
    if (process.getuid?.() === 0) await other.ask('become', 65_534)
    const before = contents(folder)
    chmodSync(path, fileMode)
    chmodSync(folder, folderMode)
    await expect(other.ask('open', path)).rejects.toMatchObject({
      code: 'STORE_UNREADABLE',
      message: expect.stringMatching(reason),
    })
    chmodSync(folder, 0o755)
    chmodSync(path, 0o600)
    expect(contents(folder)).toEqual(before)
  })

  test('a log beside the file that belongs to another user, as after a run as administrator', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'shop.db')
    const database = await open(path)
    database.close()
    chmodSync(folder, 0o777)
    chmodSync(path, 0o666)
    writeFileSync(`${path}-wal`, '', { mode: 0o400 })
    const other = startProcess()
    if (process.getuid?.() === 0) await other.ask('become', 65_534)
    await expect(other.ask('open', path)).rejects.toMatchObject({
      code: 'STORE_UNREADABLE',
      message: expect.stringContaining('shop.db-wal'),
    })
  })

  test('a read-only file system', async ({ skip }) => {
    const folder = temporaryFolder()
    const path = join(folder, 'shop.db')
    const database = await open(path)
    database.close()
    if (!mount(folder, '--bind', folder)) skip('mounting is not permitted here')
    expect(succeeds('mount', '-o', 'remount,bind,ro', folder)).toBe(true)
    await expect(openDatabase(path, options)).rejects.toMatchObject({
      code: 'STORE_UNREADABLE',
      fields: { reason: 'its file system is read-only' },
    })
  })
})

describe('the version of SQLite', () => {
  test.for([
    ['3.37.2', false],
    ['3.44.5', false],
    ['3.44.6', true],
    ['3.44.10', true],
    ['3.45.0', false],
    ['3.49.9', false],
    ['3.50.6', false],
    ['3.50.7', true],
    ['3.51.0', false],
    ['3.51.2', false],
    ['3.51.3', true],
    ['3.52.0', true],
    ['3.100.0', true],
    ['4.0.0', true],
    ['2.8.17', false],
    ['of unknown version', false],
  ] as const)('%s is safe: %s', ([version, safe]) => {
    expect(isSafeVersion(version)).toBe(safe)
  })
})

describe('several processes', () => {
  test('may make the same store at once', async () => {
    const folder = temporaryFolder()
    const others = Array.from({ length: 4 }, () => startProcess())
    for (let round = 0; round < 15; round++) {
      const path = join(folder, `shop-${round}.db`)
      const opened = await Promise.all(others.map((other) => other.ask('open', path)))
      expect(opened).toEqual(Array.from(others, () => 'open'))
      for (const other of others) await other.ask('close')
      const database = await open(path)
      expect(pragma(database, 'user_version')).toBe(schemaVersion)
      expect(pragma(database, 'integrity_check')).toBe('ok')
    }
  })

  test('wait for one that has the file locked, without the time of SQLite', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const other = startProcess()
    await other.ask('connect', path)
    await other.ask('exec', 'BEGIN EXCLUSIVE')
    const clock = simulatedClock()
    const opening = openDatabase(path, { busyTimeoutMs: 1_000, clock })
    const refused = expect(opening).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      retryable: true,
      fields: { reason: expect.stringContaining('for longer than 1000 ms') },
    })
    await clock.advance(990)
    expect(clock.waiting).toBe(1)
    await clock.advance(20)
    await refused
    const patient = openDatabase(path, { busyTimeoutMs: 1_000, clock })
    await other.ask('exec', 'ROLLBACK')
    await clock.advance(10)
    const database = await patient
    expect(pragma(database, 'user_version')).toBe(schemaVersion)
    database.close()
  })

  test.runIf(existsSync('/proc/locks'))(
    'keep the locks they hold when their file is opened a second time',
    async () => {
      const path = join(temporaryFolder(), 'shop.db')
      await open(path)
      const locks = (): readonly string[] =>
        readFileSync('/proc/locks', 'utf8')
          .split('\n')
          .filter((line) => line.includes(`:${statSync(path).ino} `))
          .map((line) => line.replace(/^\d+: /, ''))
      const held = locks()
      expect(held).toHaveLength(1)
      const second = await openDatabase(path, options)
      expect(locks()).toEqual(held)
      second.close()
      expect(locks()).toEqual(held)
    },
  )

  test('open the store while another one writes to it and empties its log all the time', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const other = startProcess()
    await other.ask('open', path)
    await other.ask('exec', 'PRAGMA wal_autocheckpoint = 3')
    await other.ask('write')
    for (let times = 0; times < 100; times++) {
      const database = await openDatabase(path, options)
      database.close()
    }
    expect(await other.ask('pause')).toBeGreaterThan(0)
  })

  test('leave a store that opens when they are killed while they make it or write to it', async () => {
    const folder = temporaryFolder()
    for (let killed = 0; killed < 8; killed++) {
      const path = join(folder, `shop-${killed}.db`)
      const other = startProcess()
      await other.ask('pause')
      const asked = Promise.allSettled([
        other.ask('open', path),
        other.ask('exec', 'PRAGMA wal_autocheckpoint = 2'),
        other.ask('write'),
      ])
      // The file grows in every step of its making; each round kills in another one.
      const least = killed * 1_500
      while ((statSync(path, { throwIfNoEntry: false })?.size ?? -1) < least && !(await isSettled(asked)));
      await other.kill()
      await asked
      const database = await open(path)
      expect(pragma(database, 'integrity_check')).toBe('ok')
      database.close()
    }
  })
})

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const turn = new Promise((resolve) => setImmediate(resolve, 'turn'))
  return (await Promise.race([promise.then(() => 'settled'), turn])) === 'settled'
}
