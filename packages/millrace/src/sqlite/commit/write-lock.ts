import { type Clock, MillraceError } from '../../base/index.ts'
import type { CommitQueue } from './commit-queue.ts'

const minDelayMs = 0.5
const maxDelayMs = 20

/**
 * Waits for the write lock while another process holds it, without holding up the event loop. What has waited too long is
 * refused.
 */
export class WriteLockWait {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #queue: CommitQueue
  readonly #store: string
  #sinceMs: number | undefined
  /** Up to which of all entries that were ever added the wait under way began no later than `#sinceMs`. */
  #mark = 0
  #delayMs = minDelayMs
  #cancel: (() => void) | undefined
  #alive: NodeJS.Timeout | undefined

  constructor(clock: Clock, timeoutMs: number, queue: CommitQueue, store: string) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#queue = queue
    this.#store = store
  }

  /** True while a next try is planned. */
  get waiting(): boolean {
    return this.#cancel !== undefined
  }

  /** The lock is held: refuses what has waited too long, and plans `attempt` for later if anything is left. */
  again(attempt: () => void): void {
    const nowMs = this.#clock.monotonic()
    if (this.#sinceMs === undefined) this.#begin(nowMs)
    const waitedMs = nowMs - this.#sinceMs!
    if (waitedMs >= this.#timeoutMs) {
      const late = Math.max(0, this.#queue.length - (this.#queue.added - this.#mark))
      const error = new MillraceError('STORE_BUSY', { store: this.#store, waitedMs: Math.round(waitedMs) })
      for (const entry of this.#queue.take(late)) entry.reject(error)
      this.#begin(nowMs)
    }
    if (this.#queue.length === 0) {
      this.end()
      return
    }
    // Jitter keeps processes that wait for each other from meeting again and again.
    const delayMs = this.#delayMs * (0.5 + Math.random())
    this.#delayMs = Math.min(this.#delayMs * 1.5, maxDelayMs)
    // Timers of the clock do not keep the process alive, but it must not end before its commits do.
    this.#alive ??= setInterval(() => {}, 1_000_000_000)
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#cancel = undefined
      attempt()
    })
  }

  /** The wait is over. */
  end(): void {
    this.#sinceMs = undefined
    this.#delayMs = minDelayMs
    this.#cancel?.()
    this.#cancel = undefined
    clearInterval(this.#alive)
    this.#alive = undefined
  }

  #begin(nowMs: number): void {
    this.#sinceMs = nowMs
    this.#mark = this.#queue.added
    this.#delayMs = minDelayMs
  }
}
