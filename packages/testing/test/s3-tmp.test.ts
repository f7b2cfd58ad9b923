import { test } from 'vitest'
import { mkdtempSync } from 'node:fs'
import { sqlite } from 'millrace/sqlite'
import { tryHistories } from '../src/store-model/index.ts'
const folder = mkdtempSync('/tmp/s3/x')
let n = 0
test('x', { timeout: 600_000 }, async (context) => {
  const open = process.env.FILE ? () => { const path = `${folder}/${n++}.db`; return { engine: sqlite(path), reopen: () => sqlite(path) } } : () => ({ engine: sqlite(':memory:') })
  await tryHistories(open, context, { runs: Number(process.env.RUNS ?? 100), shrink: process.env.SHRINK === '1', ...(process.env.SEED && {seed: Number(process.env.SEED)}) })
})
