import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type IdempotencyCase,
  type StoreUnderTest,
  storeContract,
  storeModel,
  transportContract,
} from '@millrace/testing/contract'
import { type SqliteOptions, sqlite } from 'millrace/sqlite'
import { afterAll } from 'vitest'
import { vectors } from '../vectors.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-contract-'))
afterAll(() => rmSync(folder, { recursive: true }))

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
