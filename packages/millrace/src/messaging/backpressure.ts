import { compilePatterns } from '../event/index.ts'
import type { Store } from '../store/index.ts'

/** A subscription whose publishers must not run ahead of it by more than `maxLag` events. */
interface Limited {
  readonly name: string
  readonly matches: (topic: string) => boolean
  readonly maxLag: number
  /** How many more events may be published before its lag has to be asked for again. */
  credit: number
  /** Resolves when there is credit again. */
  refilling: Promise<void> | undefined
  /** Aborted when it limits nobody any more. */
  readonly released: AbortController
}

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
    const released = new AbortController()
    const limited = { name, matches: compilePatterns(topics), maxLag, credit: 0, refilling: undefined, released }
    this.#limited = [...this.#limited, limited]
  }

  /** Whoever waits for the subscription goes on. */
  release(name: string): void {
    for (const limited of this.#limited) if (limited.name === name) limited.released.abort()
    this.#limited = this.#limited.filter((limited) => limited.name !== name)
  }

  /** Takes credit for one event of a topic. A promise when the publisher has to wait for it. */
  take(topic: string): Promise<void> | undefined {
    let wait: Promise<void> | undefined
    for (const limited of this.#limited) {
      if (!limited.matches(topic)) continue
      if (limited.credit > 0 && limited.refilling === undefined) limited.credit--
      else {
        const before = wait
        const turn = this.#takeLater(limited)
        wait = before === undefined ? turn : Promise.all([before, turn]).then(() => {})
      }
    }
    return wait
  }

  async #takeLater(limited: Limited): Promise<void> {
    while (!limited.released.signal.aborted) {
      limited.refilling ??= this.#refill(limited).finally(() => {
        limited.refilling = undefined
      })
      await limited.refilling
      if (limited.credit > 0) {
        limited.credit--
        return
      }
    }
  }

  /** Waits until the subscription's lag leaves room, however long that takes. */
  async #refill(limited: Limited): Promise<void> {
    const { name, maxLag } = limited
    const { signal } = limited.released
    while (!signal.aborted) {
      const changed = Promise.withResolvers<void>()
      const stop = this.#store.onCommit(() => changed.resolve())
      const onReleased = (): void => changed.resolve()
      signal.addEventListener('abort', onReleased)
      try {
        const status = await this.#store.readSubscription(name, maxLag + 1)
        limited.credit = Math.max(0, maxLag - (status?.lag ?? 0))
        if (limited.credit > 0) return
        await changed.promise
      } finally {
        stop()
        signal.removeEventListener('abort', onReleased)
      }
    }
  }
}
