import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MillraceError, systemClock } from '../../src/base/index.ts'
import { type SqliteFailure, sqliteFailure, storeError } from '../../src/sqlite/failure.ts'
import { openDatabase } from '../../src/sqlite/open/open.ts'
import { logBytesKept } from '../../src/sqlite/open/settings.ts'
import { openEngine } from './engine.ts'
import { contents, temporaryFolder } from './folder.ts'
import { startProcess } from './process.ts'
import { makeSample } from './sample.ts'
import { failingFsync, mount } from './system.ts'

const options = { busyTimeoutMs: 0, clock: systemClock }

/** How what `work` throws is sorted. */
function failureOf(work: () => unknown): SqliteFailure | undefined {
  try {
    work()
  } catch (error) {
    return sqliteFailure(error)
  }
  throw new Error('nothing failed')
}

async function open(path: string): Promise<DatabaseSync> {
  const database = await openDatabase(path, options)
  onTestFinished(() => database[Symbol.dispose]())
  return database
}

describe('a lock', () => {
  test('of another process does not stop the store', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const database = await open(path)
    const other = startProcess()
    await other.ask('open', path)
    await other.ask('exec', 'BEGIN IMMEDIATE')
    const failure = failureOf(() => database.exec('BEGIN IMMEDIATE'))
    expect(failure).toEqual({
      kind: 'busy',
      stops: false,
      name: 'SQLITE_BUSY',
      reason: 'another connection has it locked (SQLITE_BUSY)',
    })
    await other.ask('exec', 'ROLLBACK')
    database.exec('BEGIN IMMEDIATE; ROLLBACK')
  })

  test('cannot be had by a transaction that began to read before another one wrote', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const [first, second] = [await open(path), await open(path)]
    first.exec('BEGIN')
    first.prepare('SELECT * FROM millrace_state').all()
    second.exec("INSERT INTO millrace_counter VALUES ('a', 'b', 1)")
    expect(failureOf(() => first.exec("INSERT INTO millrace_counter VALUES ('c', 'd', 1)"))).toMatchObject({
      kind: 'busy',
      name: 'SQLITE_BUSY_SNAPSHOT',
    })
  })
})

describe('a statement at fault does not stop the store', () => {
  test.for([
    ['INSERT INTO', 'incomplete input'],
    ['SELECT * FROM nowhere', 'no such table: nowhere'],
    ["INSERT INTO millrace_state VALUES ('unique', 1)", 'UNIQUE constraint failed: millrace_state.name'],
    ["INSERT INTO millrace_state VALUES ('other', NULL)", 'NOT NULL constraint failed: millrace_state.value'],
    ["INSERT INTO millrace_state VALUES ('other', 'many')", 'cannot store TEXT value in INTEGER column'],
    ['SELECT zeroblob(2000000000)', 'string or blob too big'],
    ['COMMIT', 'no transaction is active'],
  ] as const)('%s', async ([text, reason]) => {
    const database = await open(':memory:')
    expect(failureOf(() => database.prepare(text).get())).toMatchObject({
      kind: 'statement',
      stops: false,
      reason: expect.stringContaining(reason),
    })
  })

  test('nor does a wrong use of node:sqlite, or an error that is none of SQLite', async () => {
    const database = await open(':memory:')
    database.close()
    expect(failureOf(() => database.exec('SELECT 1'))).toBeUndefined()
    for (const other of [new TypeError('no'), 'text', null, undefined, { code: 'ERR_SQLITE_ERROR', errcode: 13 }]) {
      expect(sqliteFailure(other)).toBeUndefined()
    }
  })
})

describe('a full disk stops the store', () => {
  test('where the file has reached the length it may have', async () => {
    const database = await open(join(temporaryFolder(), 'shop.db'))
    const pages = Number(database.prepare('PRAGMA page_count').get()?.page_count)
    database.exec(`PRAGMA max_page_count = ${pages}; BEGIN IMMEDIATE`)
    const insert = database.prepare("INSERT INTO millrace_document VALUES ('a', ?, ?, 1, NULL)")
    const failure = failureOf(() => {
      for (let key = 0; key < 100; key++) insert.run(String(key), 'x'.repeat(1_000))
    })
    expect(failure).toEqual({
      kind: 'full',
      stops: true,
      name: 'SQLITE_FULL',
      reason: 'the disk is full (SQLITE_FULL)',
    })
    expect(database.isTransaction).toBe(false)
    expect(database.prepare('SELECT count(*) AS n FROM millrace_document').get()).toEqual({ n: 0 })
  })

  test('where the file system has no space left; what was committed before is there', async ({ skip }) => {
    const folder = temporaryFolder()
    if (!mount(folder, '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs')) skip('mounting is not permitted here')
    const path = join(folder, 'shop.db')
    const other = startProcess()
    await other.ask('open', path)
    await expect(other.ask('fill', 5_000)).rejects.toMatchObject({ reason: 'the disk is full (SQLITE_FULL)' })
    const written = (await other.ask('pause')) - 1
    expect(written).toBeGreaterThan(10)
    expect(await other.ask('get', 'SELECT count(*) AS n FROM millrace_document')).toEqual({ n: written })
    await other.kill()
    const opening = openDatabase(join(folder, 'second.db'), options)
    await expect(opening).rejects.toMatchObject({
      code: 'STORE_STOPPED',
      fields: { reason: expect.stringContaining('full') },
    })
  })
})

describe('an error of the disk stops the store', () => {
  test('where a write fails', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    // No file may grow beyond 512 blocks of 512 bytes (or 1,024, by shell); the signal that tells so is ignored.
    const other = startProcess({ before: 'ulimit -f 512; trap "" XFSZ' })
    await other.ask('open', path)
    await expect(other.ask('fill', 5_000)).rejects.toMatchObject({
      reason: 'writing the file failed (SQLITE_IOERR_WRITE)',
    })
    const written = (await other.ask('pause')) - 1
    await other.kill()
    const database = await open(path)
    expect(database.prepare('SELECT count(*) AS n FROM millrace_document').get()).toEqual({ n: written })
  })

  test('where fsync fails: the commit is not acknowledged', async ({ skip }) => {
    const folder = temporaryFolder()
    const path = join(folder, 'shop.db')
    const broken = join(folder, 'broken')
    const env = failingFsync(folder) ?? skip('there is no C compiler here')
    const other = startProcess({ env: { ...env, FAIL_FSYNC: broken } })
    await other.ask('open', path)
    const insert = (name: string): string => `INSERT INTO millrace_counter VALUES ('${name}', '', 1)`
    await other.ask('exec', insert('before'))
    writeFileSync(broken, '')
    await expect(other.ask('exec', insert('during'))).rejects.toMatchObject({
      reason: 'the disk did not make written data durable (SQLITE_IOERR_FSYNC)',
    })
    const names = 'SELECT group_concat(name) AS names FROM millrace_counter'
    expect(await other.ask('get', names)).toEqual({ names: 'before' })
    await other.kill()
    rmSync(broken)
    const database = await open(path)
    // What was not acknowledged may be there after a restart, or not; what was acknowledged must.
    expect(['before', 'before,during']).toContain(database.prepare(names).get()?.names)
  })

  test('where the log cannot be copied to the file any more, of which SQLite says nothing', async ({ skip }) => {
    const folder = temporaryFolder()
    const path = join(folder, 'shop.db')
    const broken = join(folder, 'broken')
    const env = failingFsync(folder) ?? skip('there is no C compiler here')
    const other = startProcess({ env: { ...env, FAIL_FSYNC: broken, FAIL_FSYNC_OF: 'shop.db' } })
    await other.ask('open', path)
    writeFileSync(broken, '')
    await expect(other.ask('fill', 500_000)).rejects.toMatchObject({
      code: 'STORE_STOPPED',
      message: expect.stringContaining('its write-ahead log cannot be copied to the file: the disk did not make'),
    })
    expect(statSync(`${path}-wal`).size).toBeLessThan(1.2 * logBytesKept)
    const written = await other.ask('pause')
    await other.kill()
    const database = await open(path)
    expect(database.prepare('SELECT count(*) AS n FROM millrace_document').get()).toEqual({ n: written })
  })
})

describe('damage stops the store', () => {
  test('of a page: reading it fails, the others are still read', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const made = await makeSample(path)
    const { pageno } = made
      .prepare(
        "SELECT pageno FROM dbstat WHERE name = 'millrace_event' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 3",
      )
      .get() as { pageno: number }
    made.close()
    const bytes = readFileSync(path)
    bytes.fill(0xaa, (pageno - 1) * 4096, pageno * 4096)
    writeFileSync(path, bytes)
    const database = await open(path)
    expect(database.prepare('SELECT * FROM millrace_document').all()).toHaveLength(1)
    const failure = failureOf(() => database.prepare('SELECT data FROM millrace_event').all())
    expect(failure).toEqual({
      kind: 'damaged',
      stops: true,
      name: 'SQLITE_CORRUPT',
      reason: 'the file is damaged (SQLITE_CORRUPT)',
    })
  })

  test('that an application reads: it is told so, and nothing is committed any more', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const made = await makeSample(path)
    const { pageno } = made
      .prepare(
        "SELECT pageno FROM dbstat WHERE name = 'millrace_event' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 3",
      )
      .get() as { pageno: number }
    made.close()
    const bytes = readFileSync(path)
    bytes.fill(0xaa, (pageno - 1) * 4096, pageno * 4096)
    writeFileSync(path, bytes)
    const { store } = await openEngine({ path })
    const damaged = { code: 'STORE_DAMAGED', fields: { reason: 'the file is damaged (SQLITE_CORRUPT)' } }
    await expect(store.readLog({ after: 0, limit: 1_000 })).rejects.toMatchObject(damaged)
    await expect(store.commit({})).rejects.toMatchObject({ code: 'STORE_STOPPED' })
  })

  test('of the header', () => {
    const path = join(temporaryFolder(), 'file')
    writeFileSync(path, 'x'.repeat(5_000))
    expect(failureOf(() => new DatabaseSync(path).exec('SELECT * FROM sqlite_schema'))).toMatchObject({
      kind: 'damaged',
      stops: true,
      name: 'SQLITE_NOTADB',
    })
  })
})

describe('a file that may not be written stops the store', () => {
  test('behind a connection that only reads', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    await open(path)
    const reader = new DatabaseSync(path, { readOnly: true })
    onTestFinished(() => reader.close())
    expect(failureOf(() => reader.exec('DELETE FROM millrace_state'))).toMatchObject({
      kind: 'readonly',
      stops: true,
      name: 'SQLITE_READONLY',
    })
  })

  test('where it cannot even be opened', () => {
    expect(failureOf(() => new DatabaseSync(join(temporaryFolder(), 'none', 'shop.db')))).toEqual({
      kind: 'unreachable',
      stops: true,
      name: 'SQLITE_CANTOPEN',
      reason: 'the file or one beside it cannot be opened (SQLITE_CANTOPEN)',
    })
    const folder = join(temporaryFolder(), 'folder')
    mkdirSync(folder)
    expect(failureOf(() => new DatabaseSync(folder).exec('SELECT * FROM sqlite_schema'))).toMatchObject({ stops: true })
  })
})

test('a code that nobody knows is told by its number', () => {
  const error = Object.assign(new Error('new'), { code: 'ERR_SQLITE_ERROR', errcode: (200 << 8) | 10 })
  expect(sqliteFailure(error)).toEqual({
    kind: 'io',
    stops: true,
    name: `SQLITE_IOERR_${(200 << 8) | 10}`,
    reason: `the disk reported an error (SQLITE_IOERR_${(200 << 8) | 10})`,
  })
})

describe('the error that a store gives', () => {
  test.for([
    [5, 'STORE_LOCKED'],
    [7, 'STORE_STOPPED'],
    [8, 'STORE_UNREADABLE'],
    [1034, 'STORE_STOPPED'],
    [11, 'STORE_DAMAGED'],
    [13, 'STORE_STOPPED'],
    [14, 'STORE_UNREADABLE'],
    [26, 'STORE_DAMAGED'],
  ] as const)('for the result code %i is %s, with the cause', ([errcode, code]) => {
    const cause = Object.assign(new Error('cause'), { code: 'ERR_SQLITE_ERROR', errcode })
    const error = storeError('shop.db', cause)
    expect(error).toBeInstanceOf(MillraceError)
    expect(error).toMatchObject({ code, cause, fields: { store: 'shop.db', reason: sqliteFailure(cause)?.reason } })
  })

  test('for anything else is that itself', () => {
    const syntax = Object.assign(new Error('syntax'), { code: 'ERR_SQLITE_ERROR', errcode: 1 })
    for (const error of [syntax, new TypeError('other'), undefined]) expect(storeError('shop.db', error)).toBe(error)
  })
})

test('a store that cannot be opened leaves nothing of it open', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'shop.db')
  writeFileSync(path, 'x'.repeat(5_000))
  await expect(openDatabase(path, options)).rejects.toMatchObject({ code: 'STORE_FOREIGN' })
  expect(Object.keys(contents(folder))).toEqual(['shop.db'])
  expect(statSync(path).size).toBe(5_000)
})
