import { existsSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { optionsOf } from '../src/options.ts'
import { prepareStore } from '../src/store-file.ts'
import { TemporaryFolder } from './slice.ts'

test('without options the sample is taken, slowly enough to look on', () => {
  expect(optionsOf([])).toMatchObject({ fresh: false, seed: 1, rate: 200, plain: false })
  const { store } = optionsOf([]) as { store: string }
  expect(store.endsWith(join(`${sep}.data`, 'orders-sample.db'))).toBe(true)
})

test('another ledger has a store of its own, and no brake', () => {
  const options = optionsOf(['--data', '/ledgers/all.ndjson.gz'])
  expect(options).toMatchObject({ data: '/ledgers/all.ndjson.gz', rate: Number.POSITIVE_INFINITY })
  expect((options as { store: string }).store.endsWith(`${sep}all.db`)).toBe(true)
})

test.each([
  [['--colour'], /Unknown option '--colour'/],
  [['orders.ndjson'], /Unexpected argument 'orders\.ndjson'/],
  [['--data'], /argument missing/],
  [['--rate', 'fast'], /--rate takes a whole number from 0 on, not 'fast'/],
  [['--seed', '1.5'], /--seed takes a whole number from 0 on, not '1\.5'/],
])('%j is refused', (args, reason) => {
  expect(() => optionsOf(args)).toThrow(reason)
})

test('--help goes before all else', () => {
  expect(optionsOf(['--help', '--rate', 'fast'])).toBe('help')
})

test('--fresh deletes a store of the shop, and nothing else', () => {
  const folder = new TemporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const database = (name: string, sql: string): string => {
    const path = join(folder.path, name)
    using made = new DatabaseSync(path)
    made.exec(`PRAGMA journal_mode = WAL; ${sql}`)
    return path
  }
  const shop = database('shop.db', 'CREATE TABLE shop_input (line INTEGER)')
  prepareStore(shop, false)
  expect(existsSync(shop)).toBe(true)
  prepareStore(shop, true)
  expect(existsSync(shop)).toBe(false)
  prepareStore(shop, true)

  const foreign = database('letters.db', 'CREATE TABLE letters (text TEXT)')
  expect(() => prepareStore(foreign, true)).toThrow(/holds no orders of this shop/)
  const text = join(folder.path, 'letter.txt')
  writeFileSync(text, 'Dear shop, where are my mugs? '.repeat(100))
  expect(() => prepareStore(text, true)).toThrow(/cannot be deleted: file is not a database/)
  expect(existsSync(foreign) && existsSync(text)).toBe(true)
})

test('a folder that cannot be made is named', () => {
  expect(() => prepareStore(join(import.meta.filename, 'folder', 'shop.db'), false)).toThrow(
    /--store: .* cannot be made: ENOTDIR/,
  )
})

test('--fresh leaves a store alone that is in use', () => {
  const folder = new TemporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const path = join(folder.path, 'shop.db')
  using open = new DatabaseSync(path)
  open.exec('PRAGMA journal_mode = WAL; CREATE TABLE shop_input (line INTEGER)')
  expect(() => prepareStore(path, true)).toThrow(/cannot be deleted: database is locked/)
  expect(existsSync(path)).toBe(true)
})
