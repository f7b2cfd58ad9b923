import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import type { InboxMark } from '../../store/index.ts'
import type { Group, Held } from '../tables/held.ts'
import { Rows } from '../tables/rows.ts'
import { BoundedWindow, type WindowLimits } from '../tables/window.ts'

/** Remembers which messages were taken, for as long as the window reaches back. */
export class Inbox implements Held {
  readonly #group: Group
  readonly #window: BoundedWindow
  readonly #find: Rows<readonly [sequence: number, marked: number]>
  readonly #insert: StatementSync
  readonly #delete: StatementSync

  constructor(database: DatabaseSync, limits: WindowLimits, group: Group) {
    const table = { name: 'millrace_inbox', order: 'sequence', time: 'marked', counted: 'inbox' }
    this.#group = group
    this.#window = new BoundedWindow(database, table, limits, group)
    this.#find = new Rows(database, 'SELECT sequence, marked FROM millrace_inbox WHERE message = ? AND consumer = ?')
    this.#insert = database.prepare(
      'INSERT INTO millrace_inbox (message, consumer, marked) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#delete = database.prepare('DELETE FROM millrace_inbox WHERE message = ? AND consumer = ?')
  }

  /** @throws INBOX_DUPLICATE */
  check(marks: readonly InboxMark[]): void {
    for (const { consumer, messageId } of marks) {
      const row = this.#find.first(messageId, consumer)
      if (row !== undefined && row[1] >= this.#window.sinceMs) duplicate(consumer, messageId)
    }
  }

  apply(marks: readonly InboxMark[]): void {
    for (const { consumer, messageId } of marks) {
      if (this.#insert.run(messageId, consumer, this.#group.nowMs).changes === 1) {
        this.#window.added()
        continue
      }
      const [, marked] = this.#find.first(messageId, consumer)!
      // The same one twice in a unit.
      if (marked >= this.#window.sinceMs) duplicate(consumer, messageId)
      this.#delete.run(messageId, consumer)
      this.#insert.run(messageId, consumer, this.#group.nowMs)
    }
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

function duplicate(consumer: string, messageId: string): never {
  throw new MillraceError('INBOX_DUPLICATE', { consumer, messageId })
}
