import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import type { TimerWrite } from '../../store/index.ts'
import type { Kinds } from '../tables/kinds.ts'
import { Rows } from '../tables/rows.ts'

/** Sets and removes timers. */
export class Timers {
  readonly #kinds: Kinds
  readonly #find: Rows<readonly [found: number]>
  readonly #set: StatementSync
  readonly #remove: StatementSync

  constructor(database: DatabaseSync, kinds: Kinds) {
    this.#kinds = kinds
    this.#find = new Rows(database, 'SELECT 1 FROM millrace_timer WHERE id = ?')
    this.#set = database.prepare(
      `INSERT OR REPLACE INTO millrace_timer (id, due, kind, time, event, key, expires, attributes, data)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#remove = database.prepare('DELETE FROM millrace_timer WHERE id = ?')
  }

  /** @throws TIMER_GONE */
  check(writes: readonly TimerWrite[]): void {
    // A unit may write one timer several times, each on top of the one before.
    const planned = new Map<string, TimerWrite['kind']>()
    for (const { kind, id } of writes) {
      if (kind === 'remove') {
        const before = planned.get(id)
        const there = before === undefined ? this.#find.first(id) !== undefined : before === 'set'
        if (!there) throw new MillraceError('TIMER_GONE', { id })
      }
      if (writes.length > 1) planned.set(id, kind)
    }
  }

  apply(writes: readonly TimerWrite[]): void {
    for (const write of writes) {
      if (write.kind === 'remove') {
        this.#remove.run(write.id)
        continue
      }
      const { id, key, timeMs, expiresMs, attributes, data, header } = write.event
      const kind = this.#kinds.intern(header).id
      this.#set.run(write.id, Math.ceil(write.dueMs), kind, timeMs, id, key, expiresMs, attributes, data)
    }
  }
}
