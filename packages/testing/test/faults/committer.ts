import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

// A process that commits numbers to an SQLite file for ever, and tells each one that was committed:
// `committer.ts <path> <journal mode> <synchronous> <checkpoint pages>`. It knows nothing of Millrace.

const [path, journalMode, synchronous, checkpointPages] = process.argv.slice(2)
const database = new DatabaseSync(path!, { timeout: 10_000 })
database.exec(`
  PRAGMA journal_mode = ${journalMode}; PRAGMA synchronous = ${synchronous}; PRAGMA wal_autocheckpoint = ${checkpointPages};
  CREATE TABLE IF NOT EXISTS committed (number INTEGER PRIMARY KEY, filler BLOB);
`)
const insert = database.prepare('INSERT INTO committed (filler) VALUES (randomblob(?))')
for (let round = 0; ; round++) {
  const { lastInsertRowid } = insert.run((round * 997) % 9_000)
  writeSync(1, `${lastInsertRowid}\n`)
}
