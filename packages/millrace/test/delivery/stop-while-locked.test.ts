import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { millrace, service, silentLogger } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { expect, test } from 'vitest'
import { Noted } from '../app/contracts.ts'
import { temporaryFolder } from '../sqlite/folder.ts'

test('an application stops although another program has the store to itself; its lease lapses', async () => {
  const path = join(temporaryFolder(), 's.db')
  const warned: string[] = []
  const app = await millrace({
    store: sqlite(path, { busyTimeoutMs: 20 }),
    services: [service('s').on(Noted, () => {})],
    logger: { ...silentLogger, warn: (message) => warned.push(message) },
  }).start()
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  await app.stop()
  other.exec('ROLLBACK')
  other.close()
  expect(warned).toEqual(['A lease could not be given back, and lapses'])
})
