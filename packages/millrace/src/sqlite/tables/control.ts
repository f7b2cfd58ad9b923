import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Change } from '../../store/index.ts'
import type { Held } from './held.ts'
import { Rows } from './rows.ts'

/** The counter of commits that changed something about subscriptions, for the other processes. */
const counter = "name = '_control' AND subject = ''"

/**
 * Of which subscriptions something changed that their consumers have not asked for themselves. Those of other processes are
 * told by a counter only, as nobody looks at every commit of others: then it may be any.
 */
export class Control implements Held {
  readonly #count: StatementSync
  readonly #counted: Rows<readonly [value: number]>
  #seen: number
  /** In the transaction under way. */
  readonly #touched = new Set<string>()
  #untold: Set<string> | 'any' = new Set()

  constructor(database: DatabaseSync) {
    this.#count = database.prepare(
      `INSERT INTO millrace_counter (name, subject, value) VALUES ('_control', '', 1)
       ON CONFLICT (name, subject) DO UPDATE SET value = value + 1`,
    )
    this.#counted = new Rows(database, `SELECT value FROM millrace_counter WHERE ${counter}`)
    this.#seen = this.#read()
  }

  touch(subscription: string): void {
    this.#touched.add(subscription)
  }

  /** What is to be told, once. */
  take(): Change['control'] {
    const untold = this.#untold
    if (untold === 'any' || untold.size > 0) this.#untold = new Set()
    return untold
  }

  write(): void {
    if (this.#touched.size > 0) this.#count.run()
  }

  committed(): void {
    if (this.#touched.size === 0) return
    this.#seen++
    if (this.#untold !== 'any') for (const name of this.#touched) this.#untold.add(name)
    this.#touched.clear()
  }

  rolledBack(): void {
    this.#touched.clear()
  }

  foreign(): void {
    const counted = this.#read()
    if (counted === this.#seen) return
    this.#seen = counted
    this.#untold = 'any'
  }

  #read(): number {
    return this.#counted.first()?.[0] ?? 0
  }
}
