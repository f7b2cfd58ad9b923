import { constants, type DatabaseSync, type StatementSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import type { SqlStatement, SqlValue } from '../../store/index.ts'
import { sqliteFailure } from '../failure.ts'

const maxPrepared = 200
const ownTables = 'millrace_'

type Mode = 'none' | 'read' | 'write'

/** What a caller's statement may not do in a transaction that other units share, or to the connection. */
const neverAllowed = new Set([
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_PRAGMA,
])

const reading = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
])

/**
 * The caller's own statements, on his own tables in the same file. They may read the store's tables, and may not write them,
 * nor begin or end transactions, nor set up the connection.
 */
export class CallersSql {
  readonly #database: DatabaseSync
  readonly #savepoint: StatementSync
  readonly #release: StatementSync
  readonly #rollBack: StatementSync
  readonly #prepared = new Map<string, StatementSync>()
  #mode: Mode = 'none'

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#savepoint = database.prepare('SAVEPOINT millrace_unit')
    this.#release = database.prepare('RELEASE millrace_unit')
    this.#rollBack = database.prepare('ROLLBACK TO millrace_unit')
    // It is asked when a statement is prepared, and never when one runs.
    database.setAuthorizer((action, first, second) => this.#authorize(action, first, second))
  }

  /**
   * Runs the statements of a unit, all of them or none.
   * @throws SQL_FAILED
   */
  run(statements: readonly SqlStatement[]): void {
    this.#savepoint.run()
    for (const statement of statements) {
      try {
        this.#prepare(statement.text, 'write').run(...bindable(statement.parameters))
      } catch (error) {
        // A statement like INSERT OR ROLLBACK ends the transaction itself.
        if (this.#database.isTransaction) {
          this.#rollBack.run()
          this.#release.run()
        }
        throw failed(statement, error)
      }
    }
    this.#release.run()
  }

  /** @throws SQL_FAILED */
  query(statement: SqlStatement): readonly Readonly<Record<string, SqlValue>>[] {
    try {
      const read = this.#prepare(statement.text, 'read')
      read.setReadBigInts(true)
      const rows = read.all(...bindable(statement.parameters)) as Record<string, SqlValue>[]
      return rows.map(plain)
    } catch (error) {
      throw failed(statement, error)
    }
  }

  #prepare(text: string, mode: Mode): StatementSync {
    const key = `${mode} ${text}`
    const known = this.#prepared.get(key)
    if (known !== undefined) return known
    this.#mode = mode
    try {
      const statement = this.#database.prepare(text)
      // SQLite prepares the first one and passes the others over.
      if (/[^;\s]/.test(text.slice(statement.sourceSQL.length))) throw new Error('it is more than one statement')
      if (this.#prepared.size === maxPrepared) this.#prepared.delete(this.#prepared.keys().next().value!)
      this.#prepared.set(key, statement)
      return statement
    } finally {
      this.#mode = 'none'
    }
  }

  #authorize(action: number, first: string | null, second: string | null): number {
    if (this.#mode === 'none') return constants.SQLITE_OK
    if (reading.has(action)) return constants.SQLITE_OK
    if (this.#mode === 'read' || neverAllowed.has(action)) return constants.SQLITE_DENY
    // The second name is a column for an update, and else a table.
    const denied = isOwn(first) || (action !== constants.SQLITE_UPDATE && isOwn(second))
    return denied ? constants.SQLITE_DENY : constants.SQLITE_OK
  }
}

/** The driver would bind an object as named parameters, and leave the `?` empty without a word. */
function bindable(parameters: readonly SqlValue[]): readonly SqlValue[] {
  for (const [index, value] of parameters.entries()) {
    const fits = value === null || ['number', 'bigint', 'string'].includes(typeof value) || value instanceof Uint8Array
    if (!fits) throw new TypeError(`parameter ${index + 1} is no number, bigint, string, Uint8Array or null`)
  }
  return parameters
}

/** An ordinary object, with numbers where they are exact and bigints only beyond. */
function plain(row: Readonly<Record<string, SqlValue>>): Record<string, SqlValue> {
  const copy: Record<string, SqlValue> = {}
  for (const [column, value] of Object.entries(row)) {
    copy[column] = typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  return copy
}

const isOwn = (name: string | null): boolean => name?.toLowerCase().startsWith(ownTables) ?? false

/** What stops the store, or is only a lock, stays what it is. */
function failed({ text }: SqlStatement, error: unknown): unknown {
  const failure = sqliteFailure(error)
  if (failure !== undefined && failure.kind !== 'statement') return error
  const reason = error instanceof Error ? error.message : String(error)
  return new MillraceError('SQL_FAILED', { statement: text, reason }, { cause: error })
}
