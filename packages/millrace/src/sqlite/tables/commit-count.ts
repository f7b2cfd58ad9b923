import type { DatabaseSync } from 'node:sqlite'
import type { Held } from './held.ts'
import { Rows } from './rows.ts'

/**
 * The number in the store rises by so much with each commit: what a power failure makes of a page of which it lets a part be
 * written is hardly ever a multiple of this prime. There are numbers enough for ten thousand commits a second over a dozen years.
 */
export const commitStep = 2053

/**
 * Counts the commits that change something, in the store itself and in the same transaction: by this number two states of a store
 * are told apart. Takes 2 µs and one page of the log a commit.
 */
export class CommitCount implements Held {
  readonly #raise: Rows<readonly [value: number]>
  readonly #changes: Rows<readonly [changes: number]>
  #seenChanges: number
  #value = 0

  constructor(database: DatabaseSync) {
    this.#raise = new Rows(
      database,
      `UPDATE millrace_state SET value = value + ${commitStep} WHERE name = 'commits' RETURNING value`,
    )
    this.#changes = new Rows(database, 'SELECT total_changes()')
    this.#seenChanges = this.#changes.first()![0]
  }

  /** The number of the newest commit of this connection; 0 before its first. */
  get value(): number {
    return this.#value
  }

  /** To be called when everything else of the group is written. */
  write(): void {
    // A transaction that changed nothing needs no sync, and must not get one by being counted.
    if (this.#changes.first()![0] === this.#seenChanges) return
    this.#value = this.#raise.first()![0] / commitStep
    this.#seenChanges = this.#changes.first()![0]
  }

  rolledBack(): void {
    this.#seenChanges = this.#changes.first()![0]
  }
}
