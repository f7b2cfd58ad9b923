import { type Clock, MillraceError } from '../../base/index.ts'
import { sqliteFailure } from '../failure.ts'

/** How long to wait for other processes that hold the file's lock. */
export interface LockWait {
  readonly busyTimeoutMs: number
  readonly clock: Clock
}

const retryAfterMs = 5
const longestMs = 2 ** 31 - 1

/**
 * Runs `attempt` again while another connection has the file locked. It waits without blocking the thread, unlike SQLite's
 * own busy timeout. `attempt` must leave nothing open or half done when it throws.
 * @throws STORE_LOCKED when the lock is still held after `busyTimeoutMs`
 */
export async function whileLocked<T>(store: string, { busyTimeoutMs, clock }: LockWait, attempt: () => T): Promise<T> {
  const began = clock.monotonic()
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      const failure = sqliteFailure(error)
      if (failure?.kind !== 'busy') throw error
      if (clock.monotonic() - began >= busyTimeoutMs) {
        const reason = `${failure.reason}, for longer than ${busyTimeoutMs} ms`
        throw new MillraceError('STORE_LOCKED', { store, reason }, { cause: error })
      }
    }
    await passed(clock, retryAfterMs)
  }
}

/** The clock's own timers let the process end; whoever waits for a store to open must not. */
async function passed(clock: Clock, delayMs: number): Promise<void> {
  const alive = setInterval(() => {}, longestMs)
  await new Promise<void>((resolve) => clock.after(delayMs, resolve))
  clearInterval(alive)
}
