import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { type Files, harm, isStructure } from '../../faults/faults/damage/harm.ts'
import { randomOf } from '../../faults/random.ts'

function database(rows: number): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-harm-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const made = new DatabaseSync(join(folder, 'a.db'))
  made.exec('CREATE TABLE t (a TEXT)')
  const insert = made.prepare('INSERT INTO t VALUES (?)')
  for (let row = 0; row < rows; row++) insert.run('value'.repeat(20))
  made.close()
  return readFileSync(join(folder, 'a.db'))
}

test('a value is told from the structure around it', () => {
  const file = database(200)
  const values = []
  for (let at = file.indexOf('value'); at !== -1; at = file.indexOf('value', at + 1)) values.push(at)
  expect(values.length).toBeGreaterThan(3_000)
  expect(values.filter((at) => isStructure(file, at))).toEqual([])
  // The header of the file, the heads of its pages, and the first pointer to a cell on each.
  for (const at of [0, 99, 100, 108, 4096, 4103, 4104, 8192, 8200]) expect(isStructure(file, at)).toBe(true)
})

test('damage changes something, and what was given stays as it is', () => {
  const [now, earlier, foreign] = [database(50), database(20), database(5)]
  const files = (bytes: Buffer): Files =>
    new Map([
      ['a.db', bytes],
      ['a.db-wal', Buffer.from(bytes.subarray(0, 9_000))],
    ])
  const stock = { name: 'a.db', now: files(now), earlier: [files(earlier)], foreign: files(foreign) }
  const before = Buffer.from(now)
  const kinds = new Set<string>()
  for (let seed = 0; seed < 200; seed++) {
    const { kind, files: harmed } = harm(stock, randomOf(seed))
    kinds.add(kind)
    expect(['a.db', 'a.db-wal'].every((name) => harmed.get(name)?.equals(stock.now.get(name)!))).toBe(false)
  }
  expect(now.equals(before)).toBe(true)
  expect(kinds.size).toBeGreaterThan(10)
})
