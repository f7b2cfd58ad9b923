import type { DatabaseSync } from 'node:sqlite'
import { type Clock, type Logger, MillraceError } from '../base/index.ts'
import type {
  Change,
  Committed,
  DocumentQuery,
  KeptQuery,
  LogPage,
  LogQuery,
  SqlStatement,
  SqlValue,
  Store,
  StoreCapabilities,
  StoredDelivery,
  StoredDocument,
  StoredTimer,
  StoreState,
  StreamQuery,
  StreamRecord,
  SubscriptionStatus,
  TimerQuery,
  Unit,
} from '../store/index.ts'
import type { CallersSql } from './commit/apply-sql.ts'
import type { GroupCommit } from './commit/group-commit.ts'
import type { UnitWriter } from './commit/writer.ts'
import { sqliteFailure, storeError } from './failure.ts'
import { whileLocked } from './open/locked.ts'
import { Inspector } from './read/inspect.ts'
import { LogReader } from './read/read-log.ts'
import { StateReader } from './read/read-state.ts'

/** A lag beyond this is told as this, unless more is asked for. */
const defaultLagLimit = 10_000

/**
 * After how many reads the event loop has its turn. A read is done at once, so that a loop over reads alone would let
 * nothing else run, the commits not either.
 */
const readsPerTurn = 64

export interface SqliteStoreOptions {
  readonly name: string
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly logger: Logger
  readonly busyTimeoutMs: number
  readonly capabilities: StoreCapabilities
  readonly writer: UnitWriter
  readonly commits: GroupCommit
  readonly sql: CallersSql
  /** A read failed in a way that says the file cannot be relied on. */
  readonly fail: (error: unknown) => void
  /** Lets go of what else holds on to the database. */
  readonly closing: () => void
}

/** The Store port on one SQLite connection. */
export class SqliteStore implements Store {
  readonly capabilities: StoreCapabilities
  readonly reader: LogReader
  readonly #options: SqliteStoreOptions
  readonly #state: StateReader
  readonly #inspector: Inspector
  readonly #listeners = new Set<(change: Change) => void>()
  #closed: Promise<void> | undefined
  #reads = 0

  constructor(options: SqliteStoreOptions) {
    const { database, writer } = options
    this.capabilities = options.capabilities
    this.#options = options
    this.reader = new LogReader(database, writer.kinds, writer.filters)
    this.#state = new StateReader(database, writer.kinds)
    this.#inspector = new Inspector(database, writer.filters, (read) => this.read(read))
  }

  commit(unit: Unit): Promise<Committed> {
    if (this.#closed !== undefined) return Promise.reject(this.#closedError())
    return this.#options.commits.submit(unit)
  }

  readLog(query: LogQuery): Promise<LogPage> {
    return this.read(() => this.reader.page(query))
  }

  readStream(query: StreamQuery): Promise<readonly StreamRecord[]> {
    return this.read(() => this.reader.stream(query))
  }

  readDocument(collection: string, key: string): Promise<StoredDocument | undefined> {
    return this.read(() => this.#state.document(collection, key, this.#options.clock.now()))
  }

  readDocuments(query: DocumentQuery): Promise<readonly StoredDocument[]> {
    return this.read(() => this.#state.documents(query, this.#options.clock.now()))
  }

  readTimers(query: TimerQuery): Promise<readonly StoredTimer[]> {
    return this.read(() => this.#state.timers(query))
  }

  readKept(query: KeptQuery): Promise<readonly StoredDelivery[]> {
    return this.read(() => this.#state.kept(query, this.#options.clock.now()))
  }

  inspect(): Promise<StoreState> {
    return this.#inspector.state(this.#options.clock.now())
  }

  locate(at: Date | 'beginning' | 'now'): Promise<number> {
    return this.read(() => {
      this.#options.commits.lookForForeign()
      return this.#options.writer.locator.floorOf(at instanceof Date ? { time: at } : at)
    })
  }

  readSubscription(name: string, lagLimit = defaultLagLimit): Promise<SubscriptionStatus | undefined> {
    return this.#inspector.status(name, lagLimit)
  }

  onCommit(listener: (change: Change) => void): () => void {
    // One function may be registered twice.
    const entry = (change: Change): void => listener(change)
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  query(statement: SqlStatement): Promise<readonly Readonly<Record<string, SqlValue>>[]> {
    return this.read(() => this.#options.sql.query(statement))
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** Tells the listeners about a commit. */
  tell(change: Change): void {
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch (error) {
        // The commit is done: a listener that fails can neither undo it nor keep it from the others.
        this.#options.logger.error('A listener of commits failed.', { store: this.#options.name, error })
      }
    }
  }

  /**
   * Runs something that reads; again, where another process has the file locked.
   * @throws STORE_LOCKED, STORE_STOPPED, STORE_DAMAGED, and what is wrong with a statement
   */
  async read<T>(read: () => T): Promise<T> {
    const { name } = this.#options
    if (++this.#reads % readsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve))
    return whileLocked(name, this.#options, () => {
      if (this.#closed !== undefined) throw this.#closedError()
      try {
        return read()
      } catch (error) {
        if (!sqliteFailure(error)?.stops) throw error
        this.#options.fail(error)
        throw storeError(name, error)
      }
    })
  }

  #closedError(): MillraceError {
    return new MillraceError('STORE_STOPPED', { store: this.#options.name, reason: 'it is closed' })
  }

  async #close(): Promise<void> {
    const { commits, database, closing } = this.#options
    await commits.idle()
    commits.stop('it is closed')
    closing()
    this.#listeners.clear()
    database.close()
  }
}
