/** Time as the rest of Millrace sees it. Tests inject their own, so that nothing has to wait. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970-01-01T00:00:00Z. It may jump. */
  now(): number
  /** Monotonic time in milliseconds from an arbitrary start. It never jumps. */
  monotonic(): number
  /**
   * Calls `task` once after `delayMs` of monotonic time. A waiting timer does not keep the process alive.
   * @returns a function that cancels it
   */
  after(delayMs: number, task: () => void): () => void
}

/** The largest delay that one timer of the platform can hold; longer waits are made of several. */
const longestTimerMs = 2 ** 31 - 1

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, task) {
    const end = performance.now() + delayMs
    let timer: NodeJS.Timeout
    const wait = (): void => {
      const left = end - performance.now()
      timer = setTimeout(left <= longestTimerMs ? task : wait, Math.min(Math.max(left, 0), longestTimerMs))
      timer.unref()
    }
    wait()
    return () => clearTimeout(timer)
  },
}
