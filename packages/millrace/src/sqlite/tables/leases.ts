import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import type { Epoch, LeaseOwner, LeaseWrite } from '../../store/index.ts'
import type { Group, Held } from './held.ts'
import { isAlive, processStart } from './process-life.ts'
import { Rows } from './rows.ts'

type LeaseRow = readonly [
  epoch: number,
  owner: string | null,
  pid: number | null,
  host: string | null,
  started: string | null,
  until: number | null,
]

/** The lease that fences the deliveries of a subscription. */
export const leaseOf = (subscription: string): string => `subscription:${subscription}`

/** Leases: who may do what only one may do, and since when (the epoch). Their rows stay, so that epochs never go back. */
export class Leases implements Held {
  readonly #group: Group
  readonly #find: Rows<LeaseRow>
  readonly #take: StatementSync
  readonly #renew: StatementSync
  readonly #release: StatementSync
  readonly #fence: StatementSync
  readonly #epochs = new Map<string, number>()

  constructor(database: DatabaseSync, group: Group) {
    this.#group = group
    this.#find = new Rows(database, 'SELECT epoch, owner, pid, host, started, until FROM millrace_lease WHERE name = ?')
    this.#take = database.prepare(
      `INSERT INTO millrace_lease (name, epoch, owner, pid, host, started, until) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, owner = excluded.owner, pid = excluded.pid,
         host = excluded.host, started = excluded.started, until = excluded.until`,
    )
    this.#renew = database.prepare('UPDATE millrace_lease SET until = ? WHERE name = ?')
    this.#release = database.prepare(
      'UPDATE millrace_lease SET owner = NULL, pid = NULL, host = NULL, started = NULL, until = NULL WHERE name = ?',
    )
    this.#fence = database.prepare(
      'INSERT INTO millrace_lease (name, epoch) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1',
    )
  }

  /** The epoch of a lease; 0 when nobody has ever held it. */
  epochOf(name: string): number {
    let epoch = this.#epochs.get(name)
    if (epoch === undefined) {
      epoch = this.#find.first(name)?.[0] ?? 0
      this.#epochs.set(name, epoch)
    }
    return epoch
  }

  /** @throws LEASE_LOST unless the lease stands at this epoch */
  assertEpoch(name: string, epoch: number): void {
    const actual = this.epochOf(name)
    if (actual !== epoch) throw new MillraceError('LEASE_LOST', { lease: name, epoch, actual })
  }

  /** The error that tells who holds a lease. */
  heldError(name: string): MillraceError {
    return heldError(name, this.#find.first(name))
  }

  /** @throws LEASE_HELD, LEASE_LOST */
  check(write: LeaseWrite): void {
    if (write.kind === 'acquire') {
      const row = this.#find.first(write.name)
      if (row !== undefined && this.#holder(row, write.owner) === 'another') {
        throw heldError(write.name, row)
      }
      return
    }
    this.assertEpoch(write.name, write.epoch)
    const row = this.#find.first(write.name)
    if (row === undefined || row[1] === null) {
      throw new MillraceError('LEASE_LOST', { lease: write.name, epoch: write.epoch, actual: row?.[0] ?? 0 })
    }
  }

  /** Applies what was checked; the epoch of a lease that was acquired. */
  apply(write: LeaseWrite): Epoch | undefined {
    const { name } = write
    switch (write.kind) {
      case 'acquire':
        return this.#acquire(name, write.owner, this.#until(write.ttlMs))
      case 'renew':
        this.#renew.run(this.#until(write.ttlMs), name)
        return undefined
      case 'release':
        this.#release.run(name)
        return undefined
    }
  }

  /** Raises the epoch, so that nobody who relied on it can commit any more. Its owner stays. */
  fence(name: string): void {
    this.#fence.run(name)
    this.#epochs.delete(name)
  }

  rolledBack(): void {
    this.#epochs.clear()
  }

  foreign(): void {
    this.#epochs.clear()
  }

  #acquire(name: string, owner: LeaseOwner, untilMs: number): Epoch {
    const row = this.#find.first(name)
    const holder = row === undefined ? 'nobody' : this.#holder(row, owner)
    const epoch = (row?.[0] ?? 0) + 1
    this.#take.run(name, epoch, owner.instance, owner.pid, owner.host, processStart(owner.pid), untilMs)
    this.#epochs.set(name, epoch)
    return { epoch, clean: holder !== 'vanished' }
  }

  #until(ttlMs: number): number {
    return Math.ceil(this.#group.nowMs + ttlMs)
  }

  #holder(row: LeaseRow, by: LeaseOwner): 'nobody' | 'itself' | 'vanished' | 'another' {
    const [, owner, pid, host, started, until] = row
    if (owner === null) return 'nobody'
    if (owner === by.instance) return 'itself'
    if (until! <= this.#group.nowMs) return 'vanished'
    return host === by.host && !isAlive(pid!, started) ? 'vanished' : 'another'
  }
}

function heldError(lease: string, row: LeaseRow | undefined): MillraceError {
  const [, owner, pid, , , until] = row ?? [0, null, null, null, null, null]
  return new MillraceError('LEASE_HELD', { lease, owner: owner ?? 'nobody', pid: pid ?? 0, untilMs: until ?? 0 })
}
