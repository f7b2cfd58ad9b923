import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Clock, isMillraceError, type Logger, MillraceError } from '../../base/index.ts'
import type { Committed, Unit } from '../../store/index.ts'
import { sqliteFailure } from '../failure.ts'
import type { Group } from '../tables/held.ts'
import { Rows } from '../tables/rows.ts'
import { CommitQueue, Entry } from './commit-queue.ts'
import { bytesOf } from './unit-size.ts'
import { WriteLockWait } from './write-lock.ts'
import type { UnitWriter } from './writer.ts'

/** Bounds of one physical transaction, which keeps the event loop for itself. A unit that is bigger goes alone. */
const maxUnits = 2_000
const maxBytes = 1024 * 1024
const sliceMs = 4
/** How many units are applied between two looks at the clock. */
const unitsPerLook = 32

export interface GroupCommitOptions {
  readonly store: string
  readonly database: DatabaseSync
  readonly writer: UnitWriter
  readonly group: Group
  readonly clock: Clock
  readonly logger: Logger
  readonly busyTimeoutMs: number
  readonly maxPendingBytes: number
  /** Asked after each commit: throws when the commit went to a file that is not the store any more. */
  readonly guard: () => void
  /** Told after each commit, when the callers were told. */
  readonly committed: () => void
  /** Told once, when the store cannot keep its promise any more. */
  readonly stopped: (error: MillraceError<'STORE_STOPPED'>) => void
}

/**
 * Commits units in groups: all that came in one turn of the event loop, within bounds, share one transaction and one fsync.
 * Each of them stays atomic by itself, and is acknowledged when the transaction is durable.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions
  readonly #queue = new CommitQueue()
  readonly #lock: WriteLockWait
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #rollBack: StatementSync
  readonly #dataVersion: Rows<readonly [version: number]>
  readonly #whenIdle: (() => void)[] = []
  #seenVersion: number
  #scheduled = false
  #stopped: MillraceError<'STORE_STOPPED'> | undefined

  constructor(options: GroupCommitOptions) {
    const { database } = options
    this.#options = options
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#rollBack = database.prepare('ROLLBACK')
    this.#dataVersion = new Rows(database, 'PRAGMA data_version')
    this.#seenVersion = this.#dataVersion.first()![0]
    this.#lock = new WriteLockWait(options.clock, options.busyTimeoutMs, this.#queue, options.store)
  }

  /** Why the store has stopped, if it has. */
  get stoppedBy(): MillraceError | undefined {
    return this.#stopped
  }

  /** @throws STORE_OVERLOADED, STORE_STOPPED, STORE_BUSY, and what refuses the unit */
  submit(unit: Unit): Promise<Committed> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== undefined) return reject(this.#stopped)
      const { maxPendingBytes: limitBytes, store } = this.#options
      const bytes = bytesOf(unit)
      const pendingBytes = this.#queue.bytes + bytes
      if (pendingBytes > limitBytes) {
        return reject(new MillraceError('STORE_OVERLOADED', { store, pendingBytes, limitBytes }))
      }
      this.#queue.add(new Entry(unit, bytes, resolve, reject))
      this.#schedule()
    })
  }

  /** Resolves when nothing waits to be committed any more. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#queue.length === 0) resolve()
      else this.#whenIdle.push(resolve)
    })
  }

  /** Ends all commits: those that wait and those to come are refused with the reason. */
  stop(reason: string, cause?: unknown): MillraceError<'STORE_STOPPED'> {
    if (this.#stopped !== undefined) return this.#stopped
    this.#stopped = isMillraceError(cause, 'STORE_STOPPED')
      ? cause
      : new MillraceError('STORE_STOPPED', { store: this.#options.store, reason }, { cause })
    this.#lock.end()
    for (const entry of this.#queue.take(this.#queue.length)) entry.reject(this.#stopped)
    this.#tellIdle()
    return this.#stopped
  }

  /** Looks whether another process has committed, and forgets what may be out of date then. Between transactions. */
  lookForForeign(): void {
    const version = this.#dataVersion.first()![0]
    if (version === this.#seenVersion) return
    this.#seenVersion = version
    for (const held of this.#options.writer.held) held.foreign?.()
  }

  #schedule(): void {
    if (this.#scheduled || this.#lock.waiting) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#queue.length === 0 || this.#stopped !== undefined) return
    try {
      // A unit that fails in the middle is taken back with those before it, which are then committed without it.
      let limit = maxUnits
      while (limit > 0) {
        if (!this.#tryToBegin()) return
        const failed = this.#applyAll(limit)
        if (failed === undefined) break
        this.#undo()
        if (failed === 0) this.#refuseFirst()
        limit = failed
      }
    } catch (error) {
      if (sqliteFailure(error)?.kind === 'busy') {
        this.#backOff()
        return
      }
      this.fail(error)
    }
    if (this.#queue.length > 0) this.#schedule()
    else this.#tellIdle()
  }

  #tryToBegin(): boolean {
    try {
      this.#begin.run()
    } catch (error) {
      if (sqliteFailure(error)?.kind !== 'busy') throw error
      this.#backOff()
      return false
    }
    this.#lock.end()
    return true
  }

  #backOff(): void {
    if (this.#options.database.isTransaction) this.#undo()
    this.#lock.again(() => this.#flush())
    if (this.#queue.length === 0) this.#tellIdle()
  }

  /** Applies and commits the first units. The index of one that failed when parts of it were written already. */
  #applyAll(limit: number): number | undefined {
    const { writer, group, clock } = this.#options
    group.nowMs = Math.floor(clock.now())
    this.lookForForeign()
    const endMs = clock.monotonic() + sliceMs
    let bytes = 0
    let count = 0
    for (; count < limit; count++) {
      const entry = this.#queue.at(count)
      if (entry === undefined) break
      bytes += entry.bytes
      if (count > 0 && bytes > maxBytes) break
      if (count % unitsPerLook === unitsPerLook - 1 && clock.monotonic() > endMs) break
      entry.error = undefined
      try {
        entry.outcome = writer.apply(entry.unit)
      } catch (error) {
        // A failure of the store itself, or a lock: it is not the unit's fault.
        if ((sqliteFailure(error)?.kind ?? 'statement') !== 'statement') throw error
        entry.error = error
        if (writer.wrote || !this.#options.database.isTransaction) return count
      }
    }
    for (const held of writer.held) held.write?.()
    this.#commit.run()
    this.#options.guard()
    for (const held of writer.held) held.committed?.()
    this.#acknowledge(count)
    return undefined
  }

  #acknowledge(count: number): void {
    for (const entry of this.#queue.take(count)) {
      if (entry.error === undefined) entry.resolve(entry.outcome!)
      else entry.reject(entry.error)
    }
    // After the callers, whose promises are told in the order in which they were resolved.
    queueMicrotask(this.#options.committed)
  }

  #refuseFirst(): void {
    const [entry] = this.#queue.take(1)
    entry!.reject(entry!.error)
  }

  #undo(): void {
    // Some failures end the transaction by themselves.
    if (this.#options.database.isTransaction) this.#rollBack.run()
    for (const held of this.#options.writer.held) held.rolledBack?.()
  }

  /** Stops the store, as it cannot keep its promise after this failure. */
  fail(error: unknown): void {
    const reason = sqliteFailure(error)?.reason ?? (error instanceof Error ? error.message : String(error))
    try {
      this.#undo()
    } catch (undoing) {
      this.#options.logger.warn(
        'The transaction could not be rolled back; SQLite does it when the file is opened next.',
        {
          store: this.#options.store,
          error: undoing,
        },
      )
    }
    const stopped = this.stop(reason, error)
    this.#options.logger.error(stopped.message, { store: this.#options.store, error: stopped })
    this.#options.stopped(stopped)
  }

  #tellIdle(): void {
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }
}
