import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { inFolder } from './folder.ts'
import { rate } from './measure.ts'
import { order } from './order.ts'

const atOnce = 1_000

/** The raw limits: what `node:sqlite` alone does with the same bytes, 1,000 in a transaction, `synchronous=FULL`. */
export async function rawLimits(count: number): Promise<{ insert: number; readAndParse: number }> {
  return inFolder(async (folder) => {
    const database = new DatabaseSync(join(folder, 'raw.db'))
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    database.exec('CREATE TABLE event (position INTEGER PRIMARY KEY, id TEXT, data TEXT)')
    const insert = database.prepare('INSERT INTO event (id, data) VALUES (?, ?)')
    const inserted = await rate(count, () => {
      for (let first = 0; first < count; first += atOnce) {
        database.exec('BEGIN IMMEDIATE')
        for (let number = first; number < first + atOnce; number++) {
          insert.run(`0198f3a2-7c3d-7000-8000-${String(number).padStart(12, '0')}`, JSON.stringify(order(number)))
        }
        database.exec('COMMIT')
      }
    })
    const select = database.prepare(
      'SELECT position, id, data FROM event WHERE position > ? ORDER BY position LIMIT 1000',
    )
    const readAndParse = await rate(count, () => {
      for (let after = 0; after < count; after += atOnce) {
        for (const row of select.all(after)) JSON.parse(String(row.data))
      }
    })
    database.close()
    return { insert: inserted, readAndParse }
  })
}
