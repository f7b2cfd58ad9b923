import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

// The npm package sqlite3 is compiled, or downloaded from GitHub, when it is installed. Emmett's SQLite store needs these
// few of its calls, which node:sqlite answers as well, and sooner: no hop to another thread, and statements are kept.

/** What `run` gives to its callback as `this`. */
export interface RunResult {
  readonly lastID: number
  readonly changes: number
}

type Callback<This, Result> = (this: This, error: Error | null, result?: Result) => void
type Row = Record<string, unknown>

const busy = 5
const busyForMs = 1_000
const keptStatements = 64

/** As the C++ of sqlite3 binds: booleans as numbers, anything that SQLite does not know as its text. */
function bound(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') return value
  if (value instanceof Uint8Array) return value
  return value instanceof Date ? value.getTime() : String(value)
}

/** The error as sqlite3 reports it: `errno` is SQLite's primary code. */
function reported(error: unknown): Error {
  const { errcode } = error as { errcode?: number }
  const errno = errcode === undefined ? undefined : errcode & 0xff
  return Object.assign(error instanceof Error ? error : new Error(String(error)), { errno })
}

class Database {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(fileName: string, _mode?: number) {
    // Waiting for a lock here would block the very thread that holds it: the wait is below, between tries.
    this.#database = new DatabaseSync(fileName, { timeout: 0 })
  }

  run(sql: string, ...rest: [unknown[]?, Callback<RunResult, void>?] | [Callback<RunResult, void>?]): this {
    const { parameters, callback } = split<Callback<RunResult, void>>(rest)
    const result: RunResult = { lastID: 0, changes: 0 }
    this.#attempt(
      () => {
        const { lastInsertRowid, changes } = this.#prepared(sql).run(...parameters)
        return { lastID: Number(lastInsertRowid), changes: Number(changes) }
      },
      (error, done) => callback?.call(done ?? result, error),
    )
    return this
  }

  all(sql: string, values: unknown[], callback: Callback<Database, Row[]>): this {
    this.#attempt(
      () => this.#prepared(sql).all(...values.map(bound)),
      (error, rows) => callback.call(this, error, rows),
    )
    return this
  }

  get(sql: string, values: unknown[], callback: Callback<Database, Row>): this {
    this.#attempt(
      () => this.#prepared(sql).get(...values.map(bound)),
      (error, row) => callback.call(this, error, row),
    )
    return this
  }

  close(callback?: (error: Error | null) => void): void {
    this.#statements.clear()
    this.#database.close()
    if (callback !== undefined) process.nextTick(callback, null)
  }

  #prepared(sql: string): StatementSync {
    const kept = this.#statements.get(sql)
    if (kept !== undefined) return kept
    const statement = this.#database.prepare(sql)
    if (this.#statements.size >= keptStatements) this.#statements.clear()
    this.#statements.set(sql, statement)
    return statement
  }

  /** Tries until no other connection is in the way, for as long as sqlite3 does by default. */
  #attempt<Result>(work: () => Result, done: (error: Error | null, result?: Result) => void): void {
    const until = performance.now() + busyForMs
    const attempt = (): void => {
      let result: Result
      try {
        result = work()
      } catch (error) {
        const told = reported(error)
        if ((told as { errno?: number }).errno === busy && performance.now() < until) setTimeout(attempt, 1)
        else process.nextTick(done, told)
        return
      }
      process.nextTick(done, null, result)
    }
    attempt()
  }
}

function split<Callback>(rest: readonly unknown[]): {
  readonly parameters: SQLInputValue[]
  readonly callback: Callback | undefined
} {
  const values = Array.isArray(rest[0]) ? rest[0] : []
  const callback = rest.find((each) => typeof each === 'function') as Callback | undefined
  return { parameters: values.map(bound), callback }
}

// biome-ignore lint/style/noDefaultExport: users of sqlite3 take its default export.
export default { Database, OPEN_READWRITE: 2, OPEN_CREATE: 4, OPEN_URI: 64 }
