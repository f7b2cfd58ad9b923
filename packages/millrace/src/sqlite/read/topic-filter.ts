import { compilePatterns, isPattern } from '../../event/index.ts'
import type { Held } from '../tables/held.ts'
import type { Kinds } from '../tables/kinds.ts'

/** Topics or patterns, and the kinds that they select, which grow in number. */
export class TopicFilter {
  readonly matches: (topic: string) => boolean
  /** The topics, where none of them is a pattern. */
  readonly exact: readonly string[] | undefined
  readonly #kinds: Kinds
  #selected: number[] = []
  #seen = 0
  #json = '[]'

  constructor(topics: readonly string[], kinds: Kinds) {
    this.matches = compilePatterns(topics)
    this.exact = topics.some(isPattern) ? undefined : topics
    this.#kinds = kinds
  }

  /** The numbers of the kinds selected, as a JSON array. */
  get kinds(): string {
    const fresh = this.#kinds.after(this.#seen)
    if (fresh.length > 0) {
      this.#seen = fresh.at(-1)!.id
      this.#selected.push(...fresh.filter(({ header }) => this.matches(header.topic)).map(({ id }) => id))
      this.#json = JSON.stringify(this.#selected)
    }
    return this.#json
  }
}

const maxFilters = 1_000

/** The filters used last, each made once. */
export class TopicFilters implements Held {
  readonly #kinds: Kinds
  readonly #filters = new Map<string, TopicFilter>()

  constructor(kinds: Kinds) {
    this.#kinds = kinds
  }

  /** @throws TOPIC_INVALID */
  of(topics: readonly string[]): TopicFilter {
    const text = topics.join(' ')
    let filter = this.#filters.get(text)
    if (filter === undefined) {
      filter = new TopicFilter(topics, this.#kinds)
      if (this.#filters.size === maxFilters) this.#filters.delete(this.#filters.keys().next().value!)
      this.#filters.set(text, filter)
    }
    return filter
  }

  rolledBack(): void {
    // Numbers of kinds may go to others now.
    this.#filters.clear()
  }
}
