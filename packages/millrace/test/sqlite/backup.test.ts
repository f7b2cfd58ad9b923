import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { eventually } from '@millrace/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/index.ts'
import { openDatabase } from '../../src/sqlite/open/open.ts'
import { type BackupProgress, backupStore } from '../../src/sqlite/verify/backup.ts'
import { verifyStore } from '../../src/sqlite/verify/verify.ts'
import { contents, temporaryFolder } from './folder.ts'
import { startProcess } from './process.ts'
import { makeSample } from './sample.ts'
import { mount } from './system.ts'

async function open(path: string): Promise<DatabaseSync> {
  const database = await openDatabase(path, { busyTimeoutMs: 10_000, clock: systemClock, synchronous: 'normal' })
  onTestFinished(() => database[Symbol.dispose]())
  return database
}

test('the copy is a store of its own, private and whole', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const database = await makeSample(path)
  const folder = temporaryFolder()
  const target = join(folder, 'copy.db')
  const report = await backupStore(path, target)
  database.close()
  expect(report).toEqual({ target, bytes: statSync(target).size, head: 400 })
  expect(readdirSync(folder)).toEqual(['copy.db'])
  expect(statSync(target).mode & 0o777).toBe(0o600)
  expect(await verifyStore(target)).toMatchObject({ ok: true })
  const rows = (file: DatabaseSync): unknown => file.prepare('SELECT * FROM millrace_event').all()
  expect(rows(await open(target))).toEqual(rows(await open(path)))
})

test('the copy is the store of one moment, while another process goes on writing', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const made = await makeSample(path, 30_000)
  made.close()
  const other = startProcess()
  await other.ask('open', path)
  // A state that has to be read at one moment: as many documents as the counter says.
  await other.ask('exec', "INSERT INTO millrace_counter VALUES ('documents', '', 1)")
  await other.ask(
    'exec',
    `CREATE TRIGGER together AFTER INSERT ON millrace_document
     BEGIN UPDATE millrace_counter SET value = value + 1 WHERE name = 'documents'; END`,
  )
  await other.ask('write')
  const count =
    "SELECT (SELECT count(*) FROM millrace_document) AS documents, value FROM millrace_counter WHERE name = 'documents'"
  const database = await open(path)
  for (let times = 0; times < 2; times++) {
    const target = join(temporaryFolder(), 'copy.db')
    const before = database.prepare(count).get() as { documents: number; value: number }
    await backupStore(path, target)
    const after = database.prepare(count).get() as { documents: number; value: number }
    const copy = (await open(target)).prepare(count).get() as { documents: number; value: number }
    expect(copy.documents).toBe(copy.value)
    expect(copy.documents).toBeGreaterThanOrEqual(before.documents)
    // The writer did not stand still, or this would show nothing.
    expect(after.documents).toBeGreaterThan(before.documents)
    expect(copy.documents).toBeLessThan(after.documents)
    expect(await verifyStore(target)).toMatchObject({ ok: true })
  }
})

test('progress is told, and the copy can be made on a busy thread', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const made = await makeSample(path, 60_000)
  const steps: BackupProgress[] = []
  await backupStore(path, join(temporaryFolder(), 'copy.db'), { onProgress: (progress) => steps.push(progress) })
  made.close()
  expect(steps.length).toBeGreaterThan(1)
  const copied = steps.map(({ copiedBytes }) => copiedBytes)
  expect(copied).toEqual(copied.toSorted((a, b) => a - b))
  expect(steps.every(({ copiedBytes, totalBytes }) => copiedBytes <= totalBytes)).toBe(true)
  expect(steps.at(-1)?.totalBytes).toBe(statSync(path).size)
})

test('an error of the listener to its progress ends it, and nothing is left behind', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const made = await makeSample(path, 60_000)
  made.close()
  const folder = temporaryFolder()
  const onProgress = (): void => {
    throw new Error('listener')
  }
  await expect(backupStore(path, join(folder, 'copy.db'), { onProgress })).rejects.toThrow('listener')
  expect(readdirSync(folder)).toEqual([])
})

describe('nothing is overwritten', () => {
  test.for(['a file', 'a folder', 'the store itself'] as const)('%s', async (what) => {
    const folder = temporaryFolder()
    const path = join(folder, 'shop.db')
    const made = await makeSample(path)
    made.close()
    const target = what === 'the store itself' ? path : join(folder, 'target')
    if (what === 'a file') writeFileSync(target, 'precious')
    if (what === 'a folder') mkdirSync(target)
    await expect(backupStore(path, target)).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      fields: { store: path, target, reason: 'the target exists already' },
    })
    if (what === 'a file') expect(readFileSync(target, 'utf8')).toBe('precious')
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([])
  })

  test('not even a file that appears while the copy is made', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const made = await makeSample(path, 30_000)
    const folder = temporaryFolder()
    const target = join(folder, 'copy.db')
    const backup = backupStore(path, target, { onProgress: () => writeFileSync(target, 'precious') })
    await expect(backup).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
    made.close()
    expect(readFileSync(target, 'utf8')).toBe('precious')
    expect(readdirSync(folder)).toEqual(['copy.db'])
  })
})

describe('a backup that cannot be made', () => {
  test('for want of its folder', async () => {
    const path = join(temporaryFolder(), 'shop.db')
    const made = await makeSample(path)
    made.close()
    await expect(backupStore(path, join(temporaryFolder(), 'none', 'copy.db'))).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      fields: { reason: 'the target cannot be created (ENOENT)' },
    })
  })

  test('for want of space leaves nothing behind', async ({ skip }) => {
    const path = join(temporaryFolder(), 'shop.db')
    const made = await makeSample(path, 10_000)
    made.close()
    const folder = temporaryFolder()
    if (!mount(folder, '-t', 'tmpfs', '-o', 'size=512k', 'tmpfs')) skip('mounting is not permitted here')
    await expect(backupStore(path, join(folder, 'copy.db'))).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      fields: { reason: 'the disk is full (SQLITE_FULL)' },
    })
    expect(readdirSync(folder)).toEqual([])
  })

  test.for([
    ['none.db', 'STORE_UNREADABLE'],
    ['text', 'STORE_FOREIGN'],
  ] as const)('of what is no store: %s', async ([name, code]) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'text'), 'text '.repeat(1_000))
    const before = contents(folder)
    await expect(backupStore(join(folder, name), join(folder, 'copy.db'))).rejects.toMatchObject({ code })
    expect(contents(folder)).toEqual(before)
  })

  test('of a store in memory', async () => {
    const backup = backupStore(':memory:', join(temporaryFolder(), 'copy.db'))
    await expect(backup).rejects.toMatchObject({ code: 'BACKUP_FAILED' })
  })

  test('of a damaged store: the damage is not copied under a good name', async () => {
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
    const folder = temporaryFolder()
    await expect(backupStore(path, join(folder, 'copy.db'))).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      fields: { reason: expect.stringContaining('the copy is not whole') },
    })
    expect(readdirSync(folder)).toEqual([])
  })
})

test('a backup that is killed leaves no file that looks like one', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const made = await makeSample(path, 60_000)
  made.close()
  const folder = temporaryFolder()
  const target = join(folder, 'copy.db')
  const other = startProcess()
  await other.ask('pause')
  const asked = other.ask('backup', path, target).catch(() => 'killed')
  await eventually(() => readdirSync(folder).length > 0)
  await other.kill()
  expect(await asked).toBe('killed')
  expect(existsSync(target)).toBe(false)
  expect(readdirSync(folder).filter((name) => !/^copy\.db\..*\.partial(-journal)?$/.test(name))).toEqual([])
  await backupStore(path, target)
  expect(await verifyStore(target)).toMatchObject({ ok: true })
})
