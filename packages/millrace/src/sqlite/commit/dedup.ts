import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Group, Held } from '../tables/held.ts'
import { Rows } from '../tables/rows.ts'
import { BoundedWindow, type WindowLimits } from '../tables/window.ts'

/** Remembers the ids that callers chose, each within its topic or stream, for as long as the window reaches back. */
export class Dedup implements Held {
  readonly #window: BoundedWindow
  readonly #find: Rows<readonly [position: number, appended: number]>
  readonly #insert: StatementSync
  readonly #delete: StatementSync

  constructor(database: DatabaseSync, limits: WindowLimits, group: Group) {
    const table = { name: 'millrace_unique', order: 'position', time: 'appended', counted: 'unique' }
    this.#window = new BoundedWindow(database, table, limits, group)
    this.#find = new Rows(database, 'SELECT position, appended FROM millrace_unique WHERE id = ? AND scope = ?')
    this.#insert = database.prepare(
      'INSERT INTO millrace_unique (position, id, scope, appended) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#delete = database.prepare('DELETE FROM millrace_unique WHERE id = ? AND scope = ?')
  }

  /** The position of the event that had this id; undefined when there was none in the window. */
  find(id: string, scope: string): number | undefined {
    const row = this.#find.first(id, scope)
    return row === undefined || row[1] < this.#window.sinceMs ? undefined : row[0]
  }

  /** Remembers the id of an event; if it was known, its time in the window begins anew. */
  add(id: string, scope: string, position: number, atMs: number): void {
    if (this.#insert.run(position, id, scope, atMs).changes === 1) {
      this.#window.added()
      return
    }
    this.#delete.run(id, scope)
    this.#insert.run(position, id, scope, atMs)
  }

  write(): void {
    this.#window.write()
  }

  committed(): void {
    this.#window.committed()
  }

  rolledBack(): void {
    this.#window.rolledBack()
  }
}

export const topicScope = (topic: string): string => `topic:${topic}`
export const streamScope = (stream: string): string => `stream:${stream}`
