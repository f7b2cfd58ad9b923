import type { DatabaseSync } from 'node:sqlite'
import type { MillraceError } from '../base/index.ts'
import type { Environment, OpenEngine } from '../transport/index.ts'
import { CallersSql } from './commit/apply-sql.ts'
import { GroupCommit } from './commit/group-commit.ts'
import { UnitWriter } from './commit/writer.ts'
import type { ConsumerSource } from './consumer.ts'
import { sqliteFailure } from './failure.ts'
import { guardFiles } from './open/guard.ts'
import { type OpenMark, openMark } from './open/mark.ts'
import { openDatabase } from './open/open.ts'
import { identityIn } from './open/schema.ts'
import type { Settings } from './options.ts'
import { Tail } from './read/tail.ts'
import { watchCommits } from './read/wake.ts'
import { SqliteStore } from './store.ts'
import type { Group } from './tables/held.ts'
import { LogTransport } from './transport.ts'

/** How long after a read that met a lock it is tried again. */
const retryAfterMs = 5

/** Opens the engine on a file, or in memory. */
export async function openEngine(path: string, settings: Settings, environment: Environment): Promise<OpenEngine> {
  const { clock } = environment
  const { busyTimeoutMs, synchronous } = settings
  const database = await openDatabase(path, { busyTimeoutMs, clock, synchronous })
  try {
    return new Engine(path, settings, environment, database)
  } catch (error) {
    database.close()
    throw error
  }
}

/** The parts of an open engine, and who tells whom of what. */
class Engine implements OpenEngine {
  readonly store: SqliteStore
  readonly log: LogTransport
  readonly #environment: Environment
  readonly #group: Group
  readonly #writer: UnitWriter
  readonly #commits: GroupCommit
  readonly #tail: Tail
  readonly #stopWatching: () => void
  readonly #mark: OpenMark | undefined

  constructor(path: string, settings: Settings, environment: Environment, database: DatabaseSync) {
    const { clock, logger } = environment
    const { busyTimeoutMs, maxPendingBytes } = settings
    const inMemory = database.location() === null
    this.#environment = environment
    this.#group = { nowMs: clock.now(), trimmed: false }
    const sql = new CallersSql(database)
    const guard = guardFiles(database, path)
    this.#writer = new UnitWriter(database, this.#group, settings, sql)
    this.#commits = new GroupCommit({
      store: path,
      database,
      writer: this.#writer,
      group: this.#group,
      clock,
      logger,
      busyTimeoutMs,
      maxPendingBytes,
      guard: () => {
        guard()
        this.#mark?.raise(this.#writer.commitCount.value)
      },
      committed: () => this.#committed(),
      stopped: (error) => this.#stopped(error),
    })
    this.store = new SqliteStore({
      name: path,
      database,
      clock,
      logger,
      busyTimeoutMs,
      capabilities: {
        engine: 'sqlite',
        sql: true,
        sharedByProcesses: !inMemory,
        durability: inMemory ? 'memory' : settings.synchronous === 'full' ? 'power' : 'process',
      },
      writer: this.#writer,
      commits: this.#commits,
      sql,
      fail: (error) => this.#fail(error),
      closing: () => this.#closing(),
    })
    this.#tail = new Tail(this.#writer.log, this.store.reader)
    this.log = this.#transport()
    this.#stopWatching = watchCommits(
      database,
      clock,
      () => this.#foreign(),
      (error) => this.#fail(error),
    )
    this.#mark = this.#openMark(path, settings, database)
  }

  /** Nothing needs a mark in memory, and with `synchronous: 'normal'` it would be ahead of what is durable. */
  #openMark(store: string, { synchronous }: Settings, database: DatabaseSync): OpenMark | undefined {
    const file = database.location()
    if (file === null || synchronous !== 'full') return undefined
    const { clock } = this.#environment
    const identity = identityIn(database)
    return openMark({ file, store, identity, clock, onFailure: (error) => this.#fail(error) })
  }

  #transport(): LogTransport {
    const { log, leases, filters, subscriptions } = this.#writer
    const source: ConsumerSource = {
      log,
      tail: this.#tail,
      reader: this.store.reader,
      filters,
      leases,
      recover: (error) => this.#recover(error),
    }
    return new LogTransport({
      source,
      subscriptions,
      commit: (unit) => this.store.commit(unit),
      lookForForeign: () => this.#commits.lookForForeign(),
      read: (read) => this.store.read(read),
    })
  }

  /** After a commit of this process, when its callers were told. */
  #committed(): void {
    const { trimmed } = this.#group
    this.#group.trimmed = false
    this.#tail.committed()
    if (trimmed) this.#tail.reset()
    this.#tell()
  }

  /** After a commit of another process; a group of this process may have come across it before. */
  #foreign(): void {
    this.#tell()
  }

  #tell(): void {
    if (this.#commits.stoppedBy !== undefined) return
    try {
      this.#commits.lookForForeign()
      this.log.notify()
    } catch (error) {
      if (sqliteFailure(error)?.kind !== 'busy') {
        this.#fail(error)
        return
      }
      // Another process has the file to itself for a moment. Whoever waits must not miss what happened.
      this.#environment.clock.after(retryAfterMs, () => this.#tell())
      return
    }
    this.store.tell({ head: this.#writer.log.head, control: this.#writer.control.take() })
  }

  /** Waits before a read of a consumer is tried again, where it only met a lock. */
  async #recover(error: unknown): Promise<void> {
    if (sqliteFailure(error)?.kind === 'busy') {
      await new Promise<void>((resolve) => this.#environment.clock.after(retryAfterMs, resolve))
      return
    }
    if (sqliteFailure(error)?.stops) this.#fail(error)
    throw error
  }

  #fail(error: unknown): void {
    if (this.#commits.stoppedBy !== undefined) return
    this.#commits.fail(error)
  }

  #stopped(error: MillraceError<'STORE_STOPPED'>): void {
    this.#environment.onStopped?.(error)
    this.#stopWatching()
    this.log.fail(error)
  }

  #closing(): void {
    this.#stopWatching()
    void this.log.close()
    this.#mark?.close()
  }
}
