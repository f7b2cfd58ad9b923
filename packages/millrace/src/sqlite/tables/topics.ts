import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Held } from './held.ts'
import { Rows } from './rows.ts'

/** One topic, with what the group under way changes about its numbers. */
export class Topic {
  readonly id: number
  readonly name: string
  events = 0
  bytes = 0
  appended = 0
  lastMs = 0
  changed = false

  constructor(id: number, name: string) {
    this.id = id
    this.name = name
  }
}

/** The topics by name, and their numbers: one row update a topic and group, whatever the number of events. */
export class Topics implements Held {
  readonly #find: Rows<readonly [id: number]>
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #known = new Map<string, Topic>()
  readonly #changed: Topic[] = []

  constructor(database: DatabaseSync) {
    this.#find = new Rows(database, 'SELECT id FROM millrace_topic WHERE name = ?')
    this.#insert = database.prepare('INSERT INTO millrace_topic (name) VALUES (?)')
    this.#update = database.prepare(
      `UPDATE millrace_topic SET events = events + ?, bytes = bytes + ?, appended = appended + ?,
         last_ms = CASE WHEN ?3 > 0 THEN ? ELSE last_ms END WHERE id = ?`,
    )
  }

  /** The topic of this name if events of it were ever published. */
  find(name: string): Topic | undefined {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const row = this.#find.first(name)
    return row && this.#keep(new Topic(row[0], name))
  }

  /** The topic of this name, made if need be. Only within a transaction. */
  intern(name: string): Topic {
    return this.find(name) ?? this.#keep(new Topic(Number(this.#insert.run(name).lastInsertRowid), name))
  }

  /** Counts an event that was appended. */
  added(topic: Topic, bytes: number, atMs: number): void {
    topic.events++
    topic.appended++
    topic.bytes += bytes
    topic.lastMs = atMs
    this.#touch(topic)
  }

  /** Counts events that were deleted. */
  removed(topic: Topic, events: number, bytes: number): void {
    topic.events -= events
    topic.bytes -= bytes
    this.#touch(topic)
  }

  write(): void {
    for (const topic of this.#changed) {
      this.#update.run(topic.events, topic.bytes, topic.appended, topic.lastMs, topic.id)
    }
  }

  committed(): void {
    for (const topic of this.#changed) {
      topic.changed = false
      topic.events = topic.bytes = topic.appended = 0
    }
    this.#changed.length = 0
  }

  rolledBack(): void {
    this.committed()
    // Some may have been made in this transaction; their numbers will go to others.
    this.#known.clear()
  }

  #touch(topic: Topic): void {
    if (topic.changed) return
    topic.changed = true
    this.#changed.push(topic)
  }

  #keep(topic: Topic): Topic {
    this.#known.set(topic.name, topic)
    return topic
  }
}
