import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import type { KeptDelivery, StoredDelivery } from '../../store/index.ts'
import type { Control } from './control.ts'
import type { Group } from './held.ts'
import type { Kinds } from './kinds.ts'
import { Rows } from './rows.ts'

export type KeptState = StoredDelivery['state']

type FoundRow = readonly [state: KeptState, orderKey: string | null]

/**
 * Deliveries kept apart from the log. Of those of one subscription and order key that are not dead, one is the head, which
 * is parked or under trial, and all others wait: as soon as the head is gone, the earliest of them takes its place.
 */
export class Kept {
  readonly #group: Group
  readonly #control: Control
  readonly #kinds: Kinds
  readonly #find: Rows<FoundRow>
  readonly #head: Rows<readonly [position: number]>
  readonly #firstWaiting: Rows<readonly [position: number]>
  readonly #put: StatementSync
  readonly #change: StatementSync
  readonly #setState: StatementSync
  readonly #delete: StatementSync

  constructor(database: DatabaseSync, group: Group, kinds: Kinds, control: Control) {
    this.#group = group
    this.#control = control
    this.#kinds = kinds
    this.#find = new Rows(
      database,
      'SELECT state, order_key FROM millrace_kept WHERE subscription = ? AND position = ?',
    )
    const ofKey = (state: string) =>
      `SELECT position FROM millrace_kept WHERE subscription = ?1 AND order_key = ?2 AND state = '${state}'`
    this.#head = new Rows(database, `${ofKey('parked')} UNION ALL ${ofKey('trying')} LIMIT 1`)
    this.#firstWaiting = new Rows(database, `${ofKey('waiting')} ORDER BY position LIMIT 1`)
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO millrace_kept (subscription, position, state, order_key, due, attempts, deaths, reason,
         history, kept, kind, time, id, key, expires, attributes, data)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#change = database.prepare(
      `UPDATE millrace_kept SET state = ?, due = ?, attempts = ?, deaths = ?, reason = ?, history = ?
       WHERE subscription = ? AND position = ?`,
    )
    this.#setState = database.prepare(
      'UPDATE millrace_kept SET state = ?, due = ? WHERE subscription = ? AND position = ?',
    )
    this.#delete = database.prepare('DELETE FROM millrace_kept WHERE subscription = ? AND position = ?')
  }

  /** The state of a delivery, and its order key. */
  find(subscription: string, position: number): FoundRow | undefined {
    return this.#find.first(subscription, position)
  }

  /** @throws DELIVERY_UNKNOWN unless the delivery is kept and in the wanted state */
  expect(subscription: string, position: number, wanted: 'dead' | 'pending' | 'kept'): FoundRow {
    const found = this.find(subscription, position)
    if (found !== undefined && (wanted === 'kept' || (wanted === 'dead') === (found[0] === 'dead'))) return found
    throw new MillraceError('DELIVERY_UNKNOWN', { subscription, position, state: wanted })
  }

  /** Keeps a delivery that comes from the log. */
  add(subscription: string, position: number, state: KeptState, delivery: KeptDelivery, dueMs: number | null): void {
    const { event, orderKey } = delivery
    // An operator may have put an earlier one of the key back while this one was under way: it stays behind that.
    const behind = state === 'parked' && orderKey !== null && this.#head.first(subscription, orderKey) !== undefined
    this.#put.run(
      subscription,
      position,
      behind ? 'waiting' : state,
      orderKey,
      behind ? null : this.#dueOf(state, dueMs),
      delivery.attempts,
      delivery.deaths,
      delivery.reason,
      JSON.stringify(delivery.history),
      this.#group.nowMs,
      this.#kinds.intern(event.header).id,
      event.timeMs,
      event.id,
      event.key,
      event.expiresMs,
      event.attributes,
      event.data,
    )
    this.#moveOn(subscription, position, state, orderKey)
  }

  /** Keeps on with a delivery that is kept already. Its event, its order key and its place stay. */
  change(subscription: string, position: number, state: KeptState, delivery: KeptDelivery, dueMs: number | null): void {
    const [, orderKey] = this.expect(subscription, position, 'pending')
    const { attempts, deaths, reason, history } = delivery
    const due = this.#dueOf(state, dueMs)
    this.#change.run(state, due, attempts, deaths, reason, JSON.stringify(history), subscription, position)
    this.#moveOn(subscription, position, state, orderKey)
  }

  /** Ends with a delivery. */
  remove(subscription: string, position: number, orderKey: string | null): void {
    this.#delete.run(subscription, position)
    this.promote(subscription, orderKey)
  }

  /** Makes a delivery due now. */
  park(subscription: string, position: number): void {
    this.#setState.run('parked', this.#group.nowMs, subscription, position)
    this.#control.touch(subscription)
  }

  /** Lets the earliest of those that wait in a key go on, unless the key has a head. */
  promote(subscription: string, orderKey: string | null): void {
    if (orderKey === null || this.#head.first(subscription, orderKey) !== undefined) return
    const next = this.#firstWaiting.first(subscription, orderKey)
    if (next !== undefined) this.park(subscription, next[0])
  }

  #moveOn(subscription: string, position: number, state: KeptState, orderKey: string | null): void {
    if (state === 'dead' || state === 'waiting') {
      if (orderKey !== null) this.promote(subscription, orderKey)
      else if (state === 'waiting') this.park(subscription, position)
    }
  }

  #dueOf(state: KeptState, dueMs: number | null): number | null {
    if (state === 'trying') return this.#group.nowMs
    return state === 'parked' && dueMs !== null ? Math.ceil(dueMs) : null
  }
}
