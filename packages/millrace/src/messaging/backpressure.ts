import { compilePatterns } from '../event/index.ts'
import type { Store } from '../store/index.ts'

/** A subscription whose publishers must not run ahead of it by more than `maxLag` events. */
interface Limited {
  readonly name: string
  readonly matches: (topic: string) => boolean
  readonly maxLag: number
  /** Events that were let through and are not committed yet: no lag tells of them. */
  underWay: number
  /** How many more events may pass before its lag has to be asked for again. */
  credit: number
  /** Resolves when there is credit again. */
  refilling: Promise<void> | undefined
  /** Wakes who waits for room. */
  changed: () => void
  /** It limits nobody any more. */
  released: boolean
}

/** The leave to publish some events, which ends when they are committed or failed to be. */
export interface Passage {
  /** Undefined when they need not wait. */
  readonly open: Promise<void> | undefined
  leave(): void
}

const nothing = (): void => {}

/**
 * Credit from handlers to publishers: a publish waits while a subscription with `maxLag` lags by more. Between two looks
 * at the lag, only as many events pass as fit under the limit.
 */
export class Backpressure {
  readonly #store: Store
  #limited: readonly Limited[] = []

  constructor(store: Store) {
    this.#store = store
  }

  limit(name: string, topics: readonly string[], maxLag: number): void {
    const matches = compilePatterns(topics)
    const state = { underWay: 0, credit: 0, refilling: undefined, changed: nothing, released: false }
    this.#limited = [...this.#limited, { name, matches, maxLag, ...state }]
  }

  /** Whoever waits for the subscription goes on. */
  release(name: string): void {
    for (const limited of this.#limited) {
      if (limited.name !== name) continue
      limited.released = true
      limited.changed()
    }
    this.#limited = this.#limited.filter((limited) => limited.name !== name)
  }

  /** Asks to publish one event to each of the topics, in one unit. Undefined when nobody limits that. */
  enter(topics: readonly string[]): Passage | undefined {
    if (this.#limited.length === 0) return undefined
    const entered: (readonly [limited: Limited, events: number])[] = []
    const waits: Promise<void>[] = []
    for (const limited of this.#limited) {
      const events = topics.filter(limited.matches).length
      if (events === 0) continue
      entered.push([limited, events])
      if (limited.credit > 0 && limited.refilling === undefined) pass(limited, events)
      else waits.push(this.#passLater(limited, events))
    }
    if (entered.length === 0) return undefined
    return {
      open: waits.length === 0 ? undefined : Promise.all(waits).then(nothing),
      leave() {
        for (const [limited, events] of entered) {
          limited.underWay -= events
          limited.changed()
        }
      },
    }
  }

  async #passLater(limited: Limited, events: number): Promise<void> {
    while (limited.credit <= 0 && !limited.released) {
      limited.refilling ??= this.#refill(limited).finally(() => {
        limited.refilling = undefined
      })
      await limited.refilling
    }
    pass(limited, events)
  }

  /** Waits until the subscription's lag leaves room, however long that takes. */
  async #refill(limited: Limited): Promise<void> {
    const { name, maxLag } = limited
    while (!limited.released) {
      const { promise: changed, resolve } = Promise.withResolvers<void>()
      limited.changed = resolve
      const stop = this.#store.onCommit(() => resolve())
      try {
        const { lag } = (await this.#store.readSubscription(name, maxLag + 1)) ?? { lag: 0 }
        limited.credit = maxLag - lag - limited.underWay
        if (limited.credit > 0) return
        await changed
        // Several commits and passages of one turn are one change.
        await new Promise<void>((looked) => setImmediate(looked))
      } finally {
        stop()
        limited.changed = nothing
      }
    }
  }
}

/** A unit passes whole as soon as there is room for any of it; else one that is larger than the limit never would. */
function pass(limited: Limited, events: number): void {
  limited.credit -= events
  limited.underWay += events
}
