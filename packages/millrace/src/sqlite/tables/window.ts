import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Group, Held } from './held.ts'
import { Rows } from './rows.ts'

export interface WindowLimits {
  readonly dedupWindowMs: number
  readonly dedupWindowCount: number
}

interface WindowTable {
  readonly name: string
  /** Its rowid, which rises with every insert. */
  readonly order: string
  /** The column with the time of the insert. */
  readonly time: string
  /** The row of millrace_state that counts its rows. */
  readonly counted: string
}

/** Beyond twice what a group inserts, how many rows it may forget: enough to shrink, too few to be felt. */
const spareRows = 64

/**
 * Keeps a table that remembers what was seen within bounds of age and number. Each group that inserts also forgets, about
 * as much, so that no single commit has much to do.
 */
export class BoundedWindow implements Held {
  readonly #limits: WindowLimits
  readonly #group: Group
  readonly #counted: string
  readonly #oldest: Rows<readonly [order: number, time: number]>
  readonly #forget: StatementSync
  readonly #count: Rows<readonly [rows: number]>
  #inserted = 0

  constructor(database: DatabaseSync, table: WindowTable, limits: WindowLimits, group: Group) {
    const { name, order, time } = table
    this.#limits = limits
    this.#group = group
    this.#counted = table.counted
    this.#oldest = new Rows(database, `SELECT ${order}, ${time} FROM ${name} ORDER BY ${order} LIMIT ?`)
    this.#forget = database.prepare(`DELETE FROM ${name} WHERE ${order} <= ?`)
    this.#count = new Rows(database, 'UPDATE millrace_state SET value = value + ? WHERE name = ? RETURNING value')
  }

  /** What was seen before this time has been forgotten, whether its row is still there or not. */
  get sinceMs(): number {
    return this.#group.nowMs - this.#limits.dedupWindowMs
  }

  added(): void {
    this.#inserted++
  }

  write(): void {
    if (this.#inserted === 0) return
    const [rows] = this.#count.first(this.#inserted, this.#counted)!
    const excess = rows - this.#limits.dedupWindowCount
    const [first] = this.#oldest.all(1)
    if (first === undefined || (excess <= 0 && first[1] >= this.sinceMs)) return
    const oldest = this.#oldest.all(2 * this.#inserted + spareRows)
    const kept = oldest.findIndex(([, time], index) => index >= excess && time >= this.sinceMs)
    const forgotten = kept === -1 ? oldest.length : kept
    this.#forget.run(oldest[forgotten - 1]![0])
    this.#count.first(-forgotten, this.#counted)
  }

  committed(): void {
    this.#inserted = 0
  }

  rolledBack(): void {
    this.#inserted = 0
  }
}
