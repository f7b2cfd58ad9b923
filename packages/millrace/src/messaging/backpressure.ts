import { compilePatterns } from '../event/index.ts'
import type { Store } from '../store/index.ts'

/** A subscription whose publishers must not run ahead of it by more than `maxLag` events. */
interface Limited {
  readonly name: string
  readonly matches: (topic: string) => boolean
  readonly maxLag: number
  /** How many more events may be published before its lag has to be asked for again. */
  credit: number
  waiting: Promise<void> | undefined
}

/**
 * Credit from handlers to publishers: a publish waits while a subscription with `maxLag` lags by more. Between two looks
 * at the lag, only as many events pass as fit under the limit.
 */
export class Backpressure {
  readonly #store: Store
  #limited: Limited[] = []

  constructor(store: Store) {
    this.#store = store
  }

  limit(name: string, topics: readonly string[], maxLag: number): void {
    this.#limited.push({ name, matches: compilePatterns(topics), maxLag, credit: 0, waiting: undefined })
  }

  release(name: string): void {
    this.#limited = this.#limited.filter((limited) => limited.name !== name)
  }

  /** Takes credit for one event of a topic. A promise when the publisher has to wait for it. */
  take(topic: string): Promise<void> | undefined {
    let wait: Promise<void> | undefined
    for (const limited of this.#limited) {
      if (!limited.matches(topic)) continue
      if (limited.credit > 0 && limited.waiting === undefined) limited.credit--
      else {
        const before = wait
        const turn = this.#takeLater(limited)
        wait = before === undefined ? turn : before.then(() => turn)
      }
    }
    return wait
  }

  async #takeLater(limited: Limited): Promise<void> {
    for (;;) {
      limited.waiting ??= this.#refill(limited).finally(() => {
        limited.waiting = undefined
      })
      await limited.waiting
      if (limited.credit > 0) {
        limited.credit--
        return
      }
    }
  }

  /** Waits until the subscription's lag leaves room, however long that takes. */
  async #refill(limited: Limited): Promise<void> {
    for (;;) {
      const committed = Promise.withResolvers<void>()
      const stop = this.#store.onCommit(() => committed.resolve())
      try {
        const status = await this.#store.readSubscription(limited.name, limited.maxLag + 1)
        if (status === undefined) limited.credit = limited.maxLag
        else limited.credit = limited.maxLag - status.lag
        if (limited.credit > 0 || !this.#limited.includes(limited)) {
          limited.credit = Math.max(limited.credit, 1)
          return
        }
        await committed.promise
      } finally {
        stop()
      }
    }
  }
}
