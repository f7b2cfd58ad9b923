import { cpSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/index.ts'
import { openDatabase } from '../../src/sqlite/open/open.ts'
import { applicationId, schemaVersion } from '../../src/sqlite/open/schema.ts'
import { contents, temporaryFolder } from './folder.ts'
import { makeSample } from './sample.ts'

const open = (path: string): Promise<DatabaseSync> => openDatabase(path, { busyTimeoutMs: 0, clock: systemClock })

async function refused(path: string, code: string, reason: string): Promise<void> {
  const before = contents(join(path, '..'))
  await expect(open(path)).rejects.toMatchObject({ code, fields: { reason: expect.stringMatching(reason) } })
  // A look may leave an empty log and its index; what was there is as it was.
  const { [`${path.split('/').pop()}-shm`]: _, ...same } = before
  expect(contents(join(path, '..'))).toMatchObject(same)
}

/** A store at rest, changed by `change`, which gets the file's bytes or SQL to run. */
async function changed(change: (bytes: Buffer) => Buffer): Promise<string> {
  const path = join(temporaryFolder(), 'shop.db')
  const database = await makeSample(path)
  database.close()
  writeFileSync(path, change(readFileSync(path)))
  return path
}

async function altered(sql: string): Promise<string> {
  const path = join(temporaryFolder(), 'shop.db')
  const database = await makeSample(path)
  database.close()
  const other = new DatabaseSync(path, { defensive: false })
  other.exec(sql)
  other.close()
  return path
}

const page = (bytes: Buffer, number: number): Buffer => bytes.subarray((number - 1) * 4096, number * 4096)

test.for([
  [
    'the second half cut off',
    (bytes: Buffer) => bytes.subarray(0, 4096 * Math.floor(bytes.length / 8192)),
    'SQLITE_CORRUPT',
  ],
  ['the last page cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 4096), 'SQLITE_CORRUPT'],
  ['nothing left but its first page', (bytes: Buffer) => bytes.subarray(0, 4096), 'SQLITE_CORRUPT'],
  ['an impossible page size', (bytes: Buffer) => Buffer.from(bytes).fill(0xff, 16, 18), 'header|SQLITE'],
  ['its schema overwritten', (bytes: Buffer) => Buffer.from(bytes).fill(0x41, 100, 400), 'SQLITE_CORRUPT'],
] as const)('%s: refused, and left as it is', async ([, change, reason]) => {
  const path = await changed(change)
  await refused(path, reason.startsWith('header') ? 'STORE_FOREIGN' : 'STORE_DAMAGED', reason)
})

test('the pages of the newest events destroyed: refused, and left as it is', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const database = await makeSample(path)
  const { pageno } = database
    .prepare("SELECT pageno FROM dbstat WHERE name = 'millrace_event' AND pagetype = 'leaf' ORDER BY path DESC LIMIT 1")
    .get() as { pageno: number }
  database.close()
  const bytes = readFileSync(path)
  page(bytes, pageno).fill(0)
  writeFileSync(path, bytes)
  await refused(path, 'STORE_DAMAGED', 'SQLITE_CORRUPT')
})

test.for([
  ['a table gone', 'DROP TABLE millrace_lease', "the (table|index) '.*millrace_lease.*' is missing"],
  ['an index gone', 'DROP INDEX millrace_kept_due', "the index 'millrace_kept_due' is missing"],
  [
    'a table changed',
    'ALTER TABLE millrace_timer ADD COLUMN note TEXT',
    "the table 'millrace_timer' is not as schema version",
  ],
  ['its version lost', 'PRAGMA user_version = 0', 'it has tables but no schema version'],
] as const)('%s: refused', async ([, sql, reason]) => {
  await refused(await altered(sql), 'STORE_DAMAGED', reason)
})

test("the user's own tables and indexes are no damage", async () => {
  const path = await altered(
    'CREATE TABLE orders (id TEXT PRIMARY KEY); CREATE INDEX recent ON millrace_event (appended)',
  )
  const database = await open(path)
  database.close()
})

test('a file of a later schema is refused, and not moved to this one', async () => {
  const path = await altered(`PRAGMA user_version = ${schemaVersion + 1}`)
  const before = contents(join(path, '..'))
  await expect(open(path)).rejects.toMatchObject({
    code: 'STORE_TOO_NEW',
    fields: { version: schemaVersion + 1, known: schemaVersion },
  })
  expect(contents(join(path, '..'))).toMatchObject(before)
})

test.for(['missing', 'empty'] as const)(
  'the file %s, and only its log there: refused, and the log is kept',
  async (state) => {
    const path = join(temporaryFolder(), 'shop.db')
    const database = await makeSample(path)
    const crashed = join(temporaryFolder(), 'shop.db')
    cpSync(`${path}-wal`, `${crashed}-wal`)
    database.close()
    if (state === 'empty') writeFileSync(crashed, '')
    await refused(crashed, 'STORE_DAMAGED', `its file is ${state}, and only its write-ahead log 'shop.db-wal' is there`)
    expect(existsSync(crashed)).toBe(state === 'empty')
  },
)

test('after a crash the log is taken in', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const database = await makeSample(path)
  const crashed = join(temporaryFolder(), 'shop.db')
  for (const suffix of ['', '-wal']) cpSync(path + suffix, crashed + suffix)
  database.close()
  const after = await open(crashed)
  expect(after.prepare('SELECT count(*) AS n FROM millrace_event').get()).toEqual({ n: 400 })
  after.close()
})

test('a torn end of the log, as after a power failure, takes back whole commits only', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const database = await makeSample(path, 50)
  const logBytes = statSync(`${path}-wal`).size
  database.exec("INSERT INTO millrace_counter VALUES ('late', '1', 1), ('late', '2', 1)")
  const crashed = join(temporaryFolder(), 'shop.db')
  for (const suffix of ['', '-wal']) cpSync(path + suffix, crashed + suffix)
  database.close()
  truncateSync(`${crashed}-wal`, logBytes + 1_000)
  const after = await open(crashed)
  expect(after.prepare("SELECT count(*) AS n FROM millrace_counter WHERE name = 'late'").get()).toEqual({ n: 0 })
  expect(after.prepare('SELECT count(*) AS n FROM millrace_event').get()).toEqual({ n: 50 })
  after.close()
})

test('a crash in the middle of a checkpoint leaves the file shorter than its header says, and that is no damage', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const database = await makeSample(path)
  const crashed = join(temporaryFolder(), 'shop.db')
  cpSync(`${path}-wal`, `${crashed}-wal`)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  // Page 1 is copied first, and with it the new length of the file.
  writeFileSync(crashed, readFileSync(path).subarray(0, 4096))
  database.close()
  const after = await open(crashed)
  expect(after.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  expect(after.prepare('SELECT count(*) AS n FROM millrace_event').get()).toEqual({ n: 400 })
  after.close()
})

test('a store whose making was interrupted is made to its end', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const begun = new DatabaseSync(path)
  begun.exec(`PRAGMA application_id = ${applicationId}`)
  begun.close()
  const database = await open(path)
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: schemaVersion })
  database.close()
})

test('a store whose making was interrupted in a transaction is made to its end', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const begun = new DatabaseSync(path)
  begun.exec(
    `PRAGMA application_id = ${applicationId}; PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; CREATE TABLE a (b)`,
  )
  begun.exec(
    "INSERT INTO a SELECT randomblob(2000) FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]')",
  )
  const crashed = join(temporaryFolder(), 'shop.db')
  for (const suffix of ['', '-journal']) cpSync(path + suffix, crashed + suffix)
  begun.close()
  rmSync(path)
  const database = await open(crashed)
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: schemaVersion })
  expect(existsSync(`${crashed}-journal`)).toBe(false)
  database.close()
})
