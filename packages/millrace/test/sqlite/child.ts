import { createInterface } from 'node:readline'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { systemClock } from '../../src/base/index.ts'
import { sqliteFailure } from '../../src/sqlite/failure.ts'
import { guardFiles } from '../../src/sqlite/open/guard.ts'
import { openDatabase } from '../../src/sqlite/open/open.ts'
import { watchCommits } from '../../src/sqlite/read/wake.ts'
import { type BackupReport, backupStore } from '../../src/sqlite/verify/backup.ts'
import { type VerifyReport, verifyStore } from '../../src/sqlite/verify/verify.ts'

// A process for tests to steer: takes a command a line on its standard input, and answers each with a line.

let database: DatabaseSync
let guard = (): void => {}
let writing = false
let written = 0

const commands = {
  /** Opens a store as applications do. */
  async open(path: string, busyTimeoutMs = 10_000): Promise<string> {
    database = await openDatabase(path, { busyTimeoutMs, clock: systemClock })
    guard = guardFiles(database, path)
    return 'open'
  },
  /** Opens a file as any program that uses SQLite does. */
  connect(path: string): void {
    database = new DatabaseSync(path)
  },
  exec(text: string): void {
    database.exec(text)
  },
  get(text: string): Readonly<Record<string, SQLOutputValue>> | undefined {
    return database.prepare(text).get()
  },
  /** Commits a document, again and again, until `pause`. */
  write(): void {
    writing = true
    writeOn()
  },
  pause(): number {
    writing = false
    return written
  },
  /** Commits more and more, this many bytes each time, until that fails. */
  fill(bytes: number): never {
    for (;;) {
      writeOne(bytes)
      guard()
    }
  },
  watch(): void {
    watchCommits(
      database,
      systemClock,
      () => {},
      (error) => {
        throw error
      },
    )
  },
  verify(path: string): Promise<VerifyReport> {
    return verifyStore(path)
  },
  backup(path: string, target: string): Promise<BackupReport> {
    return backupStore(path, target)
  },
  close(): void {
    writing = false
    database.close()
  },
  /** Gives up the rights of the administrator, whom no permission stops. */
  become(id: number): void {
    process.setgid?.(id)
    process.setuid?.(id)
  },
} satisfies Record<string, (...values: never[]) => unknown>

export type Commands = typeof commands

/** What the child answers. */
export type Answer =
  | { readonly value?: unknown }
  | { readonly error: { readonly code?: string; readonly message: string; readonly reason?: string } }

function writeOne(bytes: number): void {
  written++
  const insert = `INSERT INTO millrace_document VALUES ('written', printf('%010d', ?), ?, 1, NULL)`
  database.prepare(insert).run(written, JSON.stringify('x'.repeat(bytes)))
}

function writeOn(): void {
  if (!writing) return
  for (let commits = 0; commits < 5; commits++) writeOne(written % 5_000)
  setImmediate(writeOn)
}

async function answer(line: string): Promise<Answer> {
  const [name, ...values] = JSON.parse(line) as [keyof Commands, ...never[]]
  try {
    return { value: await (commands[name] as (...values: never[]) => unknown)(...values) }
  } catch (caught) {
    const error = caught as Error & { code?: string }
    const reason = sqliteFailure(error)?.reason
    return { error: { ...(error.code && { code: error.code }), message: error.message, ...(reason && { reason }) } }
  }
}

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await answer(line)))
