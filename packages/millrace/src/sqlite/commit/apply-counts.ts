import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Count } from '../../store/index.ts'
import type { Held } from '../tables/held.ts'

/** Durable counters: one row update each in a group, however often they are counted up. */
export class Counters implements Held {
  readonly #add: StatementSync
  readonly #sums = new Map<string, Map<string, number>>()

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      `INSERT INTO millrace_counter (name, subject, value) VALUES (?, ?, ?)
       ON CONFLICT (name, subject) DO UPDATE SET value = value + excluded.value`,
    )
  }

  apply(counts: readonly Count[]): void {
    for (const { name, subject, by } of counts) {
      if (!Number.isSafeInteger(by)) throw new TypeError(`The counter '${name}' of '${subject}' cannot go up by ${by}.`)
      let ofName = this.#sums.get(name)
      if (ofName === undefined) {
        ofName = new Map()
        this.#sums.set(name, ofName)
      }
      ofName.set(subject, (ofName.get(subject) ?? 0) + by)
    }
  }

  write(): void {
    for (const [name, ofName] of this.#sums) {
      for (const [subject, sum] of ofName) this.#add.run(name, subject, sum)
    }
  }

  committed(): void {
    this.#sums.clear()
  }

  rolledBack(): void {
    this.#sums.clear()
  }
}
