import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/index.ts'
import { openDatabase } from '../../src/sqlite/open/open.ts'
import { contents, temporaryFolder } from './folder.ts'

const open = (path: string): Promise<DatabaseSync> => openDatabase(path, { busyTimeoutMs: 0, clock: systemClock })

test.for([
  ['a text', 'Dear diary', 'it is too short'],
  ['a long text', 'Dear diary, '.repeat(10_000), 'it is no SQLite database'],
  ['zeros', Buffer.alloc(8_192), 'it is no SQLite database'],
  ['one byte', 'x', 'it is too short'],
  ['the first bytes of a database', 'SQLite format 3\0', 'it is too short'],
] as const)('%s is refused and left as it is', async ([, content, reason]) => {
  const folder = temporaryFolder()
  const path = join(folder, 'file')
  writeFileSync(path, content)
  const before = contents(folder)
  await expect(open(path)).rejects.toMatchObject({
    code: 'STORE_FOREIGN',
    fields: { reason: expect.stringMatching(reason) },
  })
  expect(contents(folder)).toEqual(before)
})

test('whatever bytes a file has, it is refused and left as it is', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'file')
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 1_500 }), fc.boolean(), async (bytes, withHeader) => {
      writeFileSync(path, withHeader ? Buffer.concat([Buffer.from('SQLite format 3\0'), bytes]) : bytes)
      const before = contents(folder)
      await expect(open(path)).rejects.toMatchObject({ code: 'STORE_FOREIGN' })
      expect(contents(folder)).toEqual(before)
    }),
    { numRuns: 100 },
  )
})

test.for([
  ['with a journal', 'PRAGMA journal_mode = DELETE', 0],
  ['with a log', 'PRAGMA journal_mode = WAL', 0],
  ['of a known application', 'PRAGMA application_id = 252006675', 252_006_675],
] as const)("another application's database %s is refused and left as it is", async ([, setting, id]) => {
  const folder = temporaryFolder()
  const path = join(folder, 'file.db')
  const foreign = new DatabaseSync(path)
  foreign.exec(`${setting}; CREATE TABLE diary (day TEXT); INSERT INTO diary VALUES ('Monday')`)
  foreign.close()
  const before = contents(folder)
  await expect(open(path)).rejects.toMatchObject({
    code: 'STORE_FOREIGN',
    fields: { reason: `it is another application's SQLite database (application id ${id})` },
  })
  expect(contents(folder)).toEqual(before)
})

test("another application's database that it has open, or left after a crash, keeps its log", async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'file.db')
  const foreign = new DatabaseSync(path)
  foreign.exec("PRAGMA journal_mode = WAL; CREATE TABLE diary (day TEXT); INSERT INTO diary VALUES ('Monday')")
  const crashed = temporaryFolder()
  for (const suffix of ['', '-wal']) cpSync(path + suffix, join(crashed, `file.db${suffix}`))
  for (const place of [folder, crashed]) {
    const before = contents(place)
    await expect(open(join(place, 'file.db'))).rejects.toMatchObject({ code: 'STORE_FOREIGN' })
    expect(contents(place)).toEqual(before)
  }
  foreign.close()
})
