import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import type { KeptReason } from '../../store/index.ts'
import { type LogRow, logColumns, recordOf } from '../tables/event-row.ts'
import type { Group } from '../tables/held.ts'
import type { Kept } from '../tables/kept.ts'
import type { Kinds } from '../tables/kinds.ts'
import { Rows } from '../tables/rows.ts'

/** What operators do to kept deliveries. */
export class KeptWrites {
  readonly #group: Group
  readonly #kinds: Kinds
  readonly #kept: Kept
  readonly #redrive: StatementSync
  readonly #edit: StatementSync
  readonly #due: Rows<readonly [due: number | null]>
  readonly #logged: Rows<LogRow>
  readonly #giveBack: Rows<readonly [orderKey: string | null]>

  constructor(database: DatabaseSync, group: Group, kinds: Kinds, kept: Kept) {
    this.#group = group
    this.#kinds = kinds
    this.#kept = kept
    this.#redrive = database.prepare(
      `UPDATE millrace_kept SET state = 'waiting', due = NULL, attempts = 0, deaths = 0, reason = ?
       WHERE subscription = ? AND position = ?`,
    )
    this.#edit = database.prepare('UPDATE millrace_kept SET data = ? WHERE subscription = ? AND position = ?')
    this.#due = new Rows(database, 'SELECT due FROM millrace_kept WHERE subscription = ? AND position = ?')
    this.#logged = new Rows(database, `SELECT ${logColumns} FROM millrace_event WHERE position = ?`)
    this.#giveBack = new Rows(
      database,
      `DELETE FROM millrace_kept WHERE subscription = ? AND position > ? AND EXISTS (
         SELECT 1 FROM millrace_event WHERE millrace_event.position = millrace_kept.position
         AND millrace_event.kind IN (SELECT value FROM json_each(?)))
       RETURNING order_key`,
    )
  }

  /** Dead deliveries are tried again, from the first attempt on, in the order of the log within each key. */
  redrive(subscription: string, positions: readonly number[]): void {
    const keys = new Set<string>()
    for (const position of positions) {
      const [, orderKey] = this.#kept.expect(subscription, position, 'dead')
      this.#putBack(subscription, position, orderKey, 'redriven')
      if (orderKey !== null) keys.add(orderKey)
    }
    for (const key of keys) this.#kept.promote(subscription, key)
  }

  /** Parked deliveries are due now. Those that wait for an earlier one of their key go on waiting. */
  release(subscription: string, positions: readonly number[]): void {
    for (const position of positions) {
      const [state] = this.#kept.expect(subscription, position, 'pending')
      if (state !== 'parked') continue
      const [due] = this.#due.first(subscription, position)!
      if (due === null || due > this.#group.nowMs) this.#kept.park(subscription, position)
    }
  }

  discard(subscription: string, positions: readonly number[]): void {
    for (const position of positions) {
      const [, orderKey] = this.#kept.expect(subscription, position, 'kept')
      this.#kept.remove(subscription, position, orderKey)
    }
  }

  /**
   * Deliveries that come from the log again are kept no more: else they were handled beside the log, before those that
   * precede them, and twice. Those whose events are no longer in the log stay.
   */
  giveBack(subscription: string, floor: number, kinds: string): void {
    const keys = new Set(this.#giveBack.all(subscription, floor, kinds).map(([orderKey]) => orderKey))
    for (const key of keys) this.#kept.promote(subscription, key)
  }

  edit(subscription: string, position: number, data: string | null): void {
    this.#kept.expect(subscription, position, 'dead')
    this.#edit.run(data, subscription, position)
  }

  /** Events of the log are delivered once more. Those that are pending anyway stay as they are. */
  replay(subscription: string, positions: readonly number[]): void {
    // In the order of the log, so that the earliest of a key becomes its head.
    for (const position of positions.toSorted((a, b) => a - b)) {
      const row = this.#logged.first(position)
      if (row === undefined) {
        throw new MillraceError('DELIVERY_UNKNOWN', { subscription, position, state: 'logged' })
      }
      const found = this.#kept.find(subscription, position)
      if (found !== undefined) {
        if (found[0] !== 'dead') continue
        this.#putBack(subscription, position, found[1], 'replayed')
        this.#kept.promote(subscription, found[1])
        continue
      }
      const { event } = recordOf(this.#kinds, row)
      const delivery = { event, orderKey: event.key, attempts: 0, deaths: 0, reason: 'replayed', history: [] } as const
      this.#kept.add(subscription, position, 'waiting', delivery, null)
    }
  }

  #putBack(subscription: string, position: number, orderKey: string | null, reason: KeptReason): void {
    this.#redrive.run(reason, subscription, position)
    if (orderKey === null) this.#kept.park(subscription, position)
  }
}
