import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { type LedgerEntry, SalesLedger } from '../src/sales-ledger.ts'
import { sample, TemporaryFolder } from './slice.ts'

function file(name: string, content: string | Uint8Array): string {
  const folder = new TemporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const path = join(folder.path, name)
  writeFileSync(path, content)
  return path
}

const line = (invoice: string): string =>
  JSON.stringify({ invoice, at: '2011-08-12T14:50:00Z', customer: null, country: 'EIRE', lines: [] })

async function entriesOf(ledger: SalesLedger, after: number, size: number): Promise<string[][]> {
  const batches: string[][] = []
  for await (const batch of ledger.batches(after, size)) batches.push(batch.map(({ invoice }: LedgerEntry) => invoice))
  return batches
}

test('the sample has 1,200 entries, all of them valid', async () => {
  const ledger = await SalesLedger.open(sample)
  expect(ledger.entries).toBe(1_200)
  const batches = await entriesOf(ledger, 0, 500)
  expect(batches.map(({ length }) => length)).toEqual([500, 500, 200])
  expect(batches.flat()).toMatchObject({ 0: '562609', 1199: '564839' })
})

test.each([
  ['plain, ended', 'ledger.ndjson', `${['1', '2', '3', '4'].map(line).join('\n')}\n`],
  ['plain, not ended', 'ledger.ndjson', ['1', '2', '3', '4'].map(line).join('\n')],
  ['compressed', 'ledger.ndjson.gz', gzipSync(['1', '2', '3', '4'].map(line).join('\n'))],
])('batches begin after a line: %s', async (_, name, content) => {
  const ledger = await SalesLedger.open(file(name, content))
  expect(ledger.entries).toBe(4)
  expect(await entriesOf(ledger, 0, 3)).toEqual([['1', '2', '3'], ['4']])
  expect(await entriesOf(ledger, 1, 3)).toEqual([['2', '3', '4']])
  expect(await entriesOf(ledger, 4, 3)).toEqual([])
})

test('the same entries are the same ledger, compressed or not', async () => {
  const content = `${line('1')}\n`
  const [plain, compressed] = [file('a.ndjson', content), file('b.ndjson.gz', gzipSync(content))]
  expect((await SalesLedger.open(plain)).sha256).toBe((await SalesLedger.open(compressed)).sha256)
})

test('a line that is no entry is named', async () => {
  const notJson = await SalesLedger.open(file('ledger.ndjson', `${line('1')}\nnonsense\n`))
  await expect(entriesOf(notJson, 0, 10)).rejects.toThrow(/ledger\.ndjson, line 2 is not JSON: /)
  const noLines = await SalesLedger.open(file('ledger.ndjson', `${line('1')}\n${line('2')}\n{"invoice":"3"}\n`))
  await expect(entriesOf(noLines, 1, 10)).rejects.toThrow(/line 3 is not a ledger entry: at: /)
})

test('a file that cannot be read is named', async () => {
  await expect(SalesLedger.open('/nowhere/ledger.ndjson')).rejects.toThrow(
    /nowhere\/ledger\.ndjson cannot be read: ENOENT/,
  )
  await expect(SalesLedger.open('/nowhere/ledger.ndjson.gz')).rejects.toThrow(/ENOENT/)
  await expect(SalesLedger.open(file('ledger.ndjson.gz', 'not gzip'))).rejects.toThrow(
    /cannot be read: incorrect header/,
  )
  const cut = gzipSync(`${line('1')}\n`).subarray(0, 40)
  await expect(SalesLedger.open(file('ledger.ndjson.gz', cut))).rejects.toThrow(
    /cannot be read: unexpected end of file/,
  )
  await expect(SalesLedger.open(file('ledger.ndjson', ''))).rejects.toThrow(/is empty/)
})
