import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import { Cursor, decodeRanges, encodeRanges } from './cursor.ts'
import type { Held } from './held.ts'
import { type Leases, leaseOf } from './leases.ts'
import { Rows } from './rows.ts'

/** A subscription that this process works on. */
export class Subscription {
  readonly name: string
  readonly lease: string
  cursor: Cursor
  /** The epoch of the lease under which the cursor is known: who has it alone moves the cursor. */
  epoch: number
  /** How many deliveries ended for which reason. */
  counts: Record<string, number>
  /** Its row may have been changed by another process, or back by a rollback. */
  stale = false
  /** Something of it is to be written with the group. */
  changed = false
  /** Its cursor is, too. Whoever only counts (an operator's process) must not write a cursor that another one moves. */
  moved = false

  constructor(name: string, epoch: number, cursor: Cursor, counts: Record<string, number>) {
    this.name = name
    this.lease = leaseOf(name)
    this.epoch = epoch
    this.cursor = cursor
    this.counts = counts
  }
}

/** The subscriptions that this process works on: one row update each in a group, whatever the number of settlements. */
export class Subscriptions implements Held {
  readonly #database: DatabaseSync
  readonly #leases: Leases
  readonly #find: Rows<readonly [floor: number, ranges: string, counts: string]>
  readonly #update: StatementSync
  readonly #updateCounts: StatementSync
  readonly #known = new Map<string, Subscription>()
  readonly #changed: Subscription[] = []
  /** Forgotten in the transaction under way, as their rows were replaced. */
  readonly #dropped: Subscription[] = []

  constructor(database: DatabaseSync, leases: Leases) {
    this.#database = database
    this.#leases = leases
    this.#find = new Rows(database, 'SELECT floor, settled_above, settled FROM millrace_subscription WHERE name = ?')
    this.#update = database.prepare(
      'UPDATE millrace_subscription SET floor = ?, settled_above = ?, settled = ? WHERE name = ?',
    )
    this.#updateCounts = database.prepare('UPDATE millrace_subscription SET settled = ? WHERE name = ?')
  }

  /** @throws SUBSCRIPTION_UNKNOWN */
  get(name: string): Subscription {
    const known = this.#known.get(name)
    if (known !== undefined && !known.stale && known.epoch === this.#leases.epochOf(known.lease)) return known
    if (known !== undefined) this.settleRow(known)
    const row = this.#find.first(name)
    if (row === undefined) {
      this.#known.delete(name)
      throw new MillraceError('SUBSCRIPTION_UNKNOWN', { subscription: name })
    }
    const [floor, ranges, counts] = row
    const epoch = this.#leases.epochOf(leaseOf(name))
    if (known !== undefined && known.epoch === epoch) {
      known.stale = false
      known.counts = JSON.parse(counts)
      return known
    }
    if (known !== undefined) this.drop(known)
    const cursor = new Cursor({ floor, ranges: decodeRanges(floor, ranges) })
    const subscription = new Subscription(name, epoch, cursor, JSON.parse(counts))
    this.#known.set(name, subscription)
    return subscription
  }

  exists(name: string): boolean {
    return this.#find.first(name) !== undefined
  }

  /** Has the cursor written along with its lease: it moves on over events of other topics without any settlement. */
  touchByLease(lease: string): void {
    for (const subscription of this.#known.values()) {
      if (subscription.lease === lease) this.touch(this.get(subscription.name))
    }
  }

  /** Says that its cursor is to be written with the group. */
  touch(subscription: Subscription): void {
    subscription.moved = true
    this.#change(subscription)
  }

  #change(subscription: Subscription): void {
    if (subscription.changed) return
    subscription.changed = true
    this.#changed.push(subscription)
  }

  count(subscription: Subscription, reason: string, by: number): void {
    subscription.counts[reason] = (subscription.counts[reason] ?? 0) + by
    this.#change(subscription)
  }

  /** Writes at once what is to be written of it, so that statements on its row find it up to date. */
  settleRow(subscription: Subscription): void {
    if (subscription.changed) this.#write(subscription)
  }

  /** Forgets it, as its row was replaced or deleted. By the transaction under way, if there is one: that may be taken back. */
  drop(subscription: Subscription): void {
    this.#known.delete(subscription.name)
    if (this.#database.isTransaction) this.#dropped.push(subscription)
  }

  write(): void {
    for (const subscription of this.#changed) {
      if (this.#known.get(subscription.name) === subscription) this.#write(subscription)
    }
  }

  committed(): void {
    for (const subscription of this.#changed) {
      subscription.changed = subscription.moved = false
      subscription.cursor.commit()
    }
    this.#changed.length = 0
    this.#dropped.length = 0
  }

  rolledBack(): void {
    for (const dropped of this.#dropped) this.#known.set(dropped.name, dropped)
    for (const subscription of this.#changed) {
      subscription.changed = subscription.moved = false
      subscription.cursor.rollBack()
    }
    this.#changed.length = 0
    this.#dropped.length = 0
    this.foreign()
  }

  foreign(): void {
    for (const subscription of this.#known.values()) subscription.stale = true
  }

  #write({ cursor, counts, moved, name }: Subscription): void {
    if (!moved) {
      this.#updateCounts.run(JSON.stringify(counts), name)
      return
    }
    const { floor, ranges } = cursor.state()
    this.#update.run(floor, encodeRanges(floor, ranges), JSON.stringify(counts), name)
  }
}
