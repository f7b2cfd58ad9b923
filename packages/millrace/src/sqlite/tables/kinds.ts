import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EventHeader } from '../../event/index.ts'
import type { Held } from './held.ts'
import { Rows } from './rows.ts'
import type { Topic, Topics } from './topics.ts'

/** A header as the log refers to it. */
export interface Kind {
  readonly id: number
  readonly header: EventHeader
  readonly topic: Topic
}

/**
 * The headers of all events, each stored once. A header is found by its identity first, as publishers use one object for
 * all events of a contract, and by its text second. Kinds are never deleted: they are as few as contracts and publishers.
 */
export class Kinds implements Held {
  readonly #topics: Topics
  readonly #load: Rows<readonly [id: number, topic: string, type: string, version: number, source: string]>
  readonly #insert: StatementSync
  #byObject = new WeakMap<EventHeader, Kind>()
  readonly #byText = new Map<string, Kind>()
  readonly #byId = new Map<number, Kind>()
  #newest = 0
  #inserted = false

  constructor(database: DatabaseSync, topics: Topics) {
    this.#topics = topics
    this.#load = new Rows(
      database,
      `SELECT k.id, t.name, k.type, k.version, k.source FROM millrace_kind k JOIN millrace_topic t ON t.id = k.topic
       WHERE k.id > ? ORDER BY k.id`,
    )
    this.#insert = database.prepare('INSERT INTO millrace_kind (topic, type, version, source) VALUES (?, ?, ?, ?)')
  }

  /** The kind of a header, made if need be. Only within a transaction. */
  intern(header: EventHeader): Kind {
    const known = this.#byObject.get(header)
    if (known !== undefined) return known
    const kind = this.#byText.get(textOf(header)) ?? this.#reload().get(textOf(header)) ?? this.#make(header)
    this.#byObject.set(header, kind)
    return kind
  }

  /** The header that a row of the log refers to. */
  header(id: number): EventHeader {
    if (!this.#byId.has(id)) this.#reload()
    return this.#byId.get(id)!.header
  }

  /** All kinds with a number above `after`, in the order of their numbers, those made by other processes included. */
  after(after: number): readonly Kind[] {
    this.#reload()
    return after === this.#newest ? [] : [...this.#byId.values()].filter((kind) => kind.id > after)
  }

  committed(): void {
    this.#inserted = false
  }

  rolledBack(): void {
    if (!this.#inserted) return
    // The numbers that were given out will go to others.
    this.#inserted = false
    this.#byObject = new WeakMap()
    this.#byText.clear()
    this.#byId.clear()
    this.#newest = 0
  }

  #make(header: EventHeader): Kind {
    const { type, version, source } = header
    const topic = this.#topics.intern(header.topic)
    const { lastInsertRowid } = this.#insert.run(topic.id, type, version, source)
    this.#inserted = true
    return this.#keep(Number(lastInsertRowid), Object.freeze({ topic: topic.name, type, version, source }), topic)
  }

  #reload(): ReadonlyMap<string, Kind> {
    for (const [id, topic, type, version, source] of this.#load.all(this.#newest)) {
      this.#keep(id, Object.freeze({ topic, type, version, source }), this.#topics.intern(topic))
    }
    return this.#byText
  }

  #keep(id: number, header: EventHeader, topic: Topic): Kind {
    const kind = { id, header, topic }
    this.#byId.set(id, kind)
    this.#byText.set(textOf(header), kind)
    this.#byObject.set(header, kind)
    this.#newest = id
    return kind
  }
}

const textOf = (header: EventHeader): string =>
  JSON.stringify([header.topic, header.type, header.version, header.source])
