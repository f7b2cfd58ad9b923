import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type IdempotencyCase,
  type StoreUnderTest,
  storeContract,
  storeModel,
  transportContract,
} from '@millrace/testing/contract'
import { type SqliteOptions, sqlite, verifyStore } from 'millrace/sqlite'
import { afterAll } from 'vitest'
import { vectors } from '../vectors.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-contract-'))
afterAll(async () => { let bad = 0, n = 0; for (const f of readdirSync(folder).filter((x) => x.endsWith('.db'))) { n++; try { const r = await verifyStore(join(folder, f)); if (!r.ok) { bad++; console.log(f, r.findings.filter((x) => !x.ok)) } } catch (e) { console.log(f, e.code, e.message) } } console.log('VERIFIED', n, 'bad', bad); rmSync(folder, { recursive: true }) }, 120000)

function open(options: SqliteOptions = {}): StoreUnderTest {
  const path = join(folder, `${randomUUID()}.db`)
  return { engine: sqlite(path, options), reopen: () => sqlite(path, options) }
}

const { cases } = vectors<{ cases: IdempotencyCase[] }>('event-store-idempotency/cases.json') ?? { cases: [] }

storeContract('sqlite in a file', () => open(), {
  idempotencyCases: cases,
  openWithWindow: ({ windowMs, windowCount }) => open({ dedupWindowMs: windowMs, dedupWindowCount: windowCount }),
})
transportContract('sqlite in a file', () => open())
storeModel('sqlite in a file', () => open())
