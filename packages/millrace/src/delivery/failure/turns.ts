import type { Clock } from '../../base/index.ts'

/** Runs tasks one after the other, in the order in which they came. One that takes long does not hold up the next. */
export class Turns {
  readonly #clock: Clock
  readonly #longestMs: number
  #last: Promise<void> = Promise.resolve()

  /** @param longestMs after this time the next one begins, whether or not the one before it has ended */
  constructor(clock: Clock, longestMs: number) {
    this.#clock = clock
    this.#longestMs = longestMs
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    const before = this.#last
    const turn = Promise.withResolvers<void>()
    this.#last = turn.promise
    await before
    const cancel = this.#clock.after(this.#longestMs, turn.resolve)
    try {
      return await task()
    } finally {
      cancel()
      turn.resolve()
    }
  }
}
