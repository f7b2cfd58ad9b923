import { renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/index.ts'
import { guardFiles } from '../../src/sqlite/open/guard.ts'
import { openDatabase } from '../../src/sqlite/open/open.ts'
import { logBytesKept } from '../../src/sqlite/open/settings.ts'
import { temporaryFolder } from './folder.ts'

async function open(path: string): Promise<DatabaseSync> {
  const database = await openDatabase(path, { busyTimeoutMs: 0, clock: systemClock, synchronous: 'normal' })
  onTestFinished(() => database[Symbol.dispose]())
  return database
}

function write(database: DatabaseSync, bytes: number): void {
  database.prepare("INSERT INTO millrace_document VALUES ('a', hex(randomblob(8)), ?, 1, NULL)").run('x'.repeat(bytes))
}

test.for(['', '-wal'] as const)('a store whose file shop.db%s is taken away while it is open', async (suffix) => {
  const path = join(temporaryFolder(), 'shop.db')
  const database = await open(path)
  const check = guardFiles(database, path)
  write(database, 10)
  expect(check).not.toThrow()
  renameSync(path + suffix, `${path}.moved`)
  const reason = `'${path}${suffix}' was removed, moved or replaced while the store was open`
  expect(check).toThrow(expect.objectContaining({ code: 'STORE_STOPPED', fields: { store: path, reason } }))
  writeFileSync(path + suffix, '')
  expect(check).toThrow(expect.objectContaining({ code: 'STORE_STOPPED' }))
  renameSync(`${path}.moved`, path + suffix)
  expect(check).not.toThrow()
})

test('a log that grows because somebody reads one moment for long is no failure, and is cut back afterwards', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const [database, reader] = [await open(path), await open(path)]
  const check = guardFiles(database, path)
  const logBytes = (): number => statSync(`${path}-wal`).size
  write(database, 10)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM millrace_document').get()
  while (logBytes() < 1.5 * logBytesKept) {
    write(database, 1_000_000)
    check()
  }
  reader.exec('COMMIT')
  while (logBytes() > logBytesKept) {
    write(database, 1_000_000)
    check()
  }
})

test('a store in memory has nothing to guard', async () => {
  expect(guardFiles(await open(':memory:'), ':memory:')).not.toThrow()
})
