import type { DatabaseSync } from 'node:sqlite'
import { compilePatterns } from '../../event/index.ts'
import { Rows } from './rows.ts'
import type { Subscriptions } from './subscriptions.ts'

/** Up to where all subscriptions of a topic have settled, and events may be deleted. */
export class Floors {
  readonly #subscriptions: Subscriptions
  readonly #all: Rows<readonly [topics: string, floor: number]>
  readonly #matchers = new Map<string, (topic: string) => boolean>()

  constructor(database: DatabaseSync, subscriptions: Subscriptions) {
    this.#subscriptions = subscriptions
    this.#all = new Rows(database, 'SELECT topics, floor FROM millrace_subscription')
  }

  /** The lowest floor of those that subscribe to the topic. */
  of(topic: string): number {
    this.#subscriptions.write()
    let lowest = Number.POSITIVE_INFINITY
    for (const [topics, floor] of this.#all.all()) {
      if (floor < lowest && this.#matcher(topics)(topic)) lowest = floor
    }
    return lowest
  }

  #matcher(topics: string): (topic: string) => boolean {
    let matcher = this.#matchers.get(topics)
    if (matcher === undefined) {
      matcher = compilePatterns(JSON.parse(topics))
      this.#matchers.set(topics, matcher)
    }
    return matcher
  }
}
