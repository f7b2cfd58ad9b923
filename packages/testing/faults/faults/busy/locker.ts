import { existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, randomOf } from '../../random.ts'

// A process that knows nothing of Millrace and takes the locks of its store, until it is killed:
// `locker.ts <path> <seed> <longest hold, ms> <longest pause, ms>`.

const [path, seed, longestHoldMs, longestPauseMs] = process.argv.slice(2) as [string, string, string, string]
const random: Random = randomOf(Number(seed))

/** Ways to be in the way of others. */
const ways = {
  /** The write lock. */
  write: 'BEGIN IMMEDIATE; ROLLBACK',
  /** The lock of everybody, while the store is no write-ahead log yet; then the write lock. */
  everything: 'BEGIN EXCLUSIVE; ROLLBACK',
  /** A moment that is read for long: no checkpoint gets past it. */
  read: 'BEGIN; SELECT count(*) FROM sqlite_schema; ROLLBACK',
  /** A checkpoint that waits for all others, and holds them up. */
  checkpoint: 'PRAGMA wal_checkpoint(RESTART)',
} as const

/** Does one thing after the other, and pauses before the last one. */
async function hold(database: DatabaseSync, text: string): Promise<void> {
  const statements = text.split('; ')
  for (const statement of statements.slice(0, -1)) database.exec(statement)
  await sleep(random.between(0, Number(longestHoldMs)))
  database.exec(statements.at(-1)!)
}

// A file that is not there yet is made, empty, as whoever wants its locks must have one.
if (!existsSync(path)) openSync(path, 'a')
for (;;) {
  const database = new DatabaseSync(path, { timeout: 50 })
  for (let times = 0; times < 20; times++) {
    try {
      await hold(database, random.pick(Object.values(ways)))
    } catch (error) {
      // Others hold the lock.
      if (database.isTransaction) database.exec('ROLLBACK')
      if (!String(error).includes('lock')) throw error
    }
    await sleep(random.between(0, Number(longestPauseMs)))
  }
  database.close()
}
