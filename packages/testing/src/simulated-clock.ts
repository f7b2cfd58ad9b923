import { ok } from 'node:assert'
import type { Clock } from 'millrace/engine'

/** A clock whose time passes only when a test says so. */
export interface SimulatedClock extends Clock {
  /**
   * Lets `ms` milliseconds pass, for `now()` and `monotonic()` alike. Every timer that comes due on the way, also one that
   * is set on the way, runs at its own time, earliest first, and what it started may settle before the next one runs.
   * Calls that overlap take turns. `advance(0)` runs the timers that are due already.
   * @throws what a timer's task throws; time then stands still at that timer
   */
  advance(ms: number): Promise<void>
  /** Moves the wall clock alone, forwards or backwards, as an operator or a time service does. No timer runs by that. */
  jump(ms: number): void
  /** How many timers wait. */
  readonly waiting: number
}

interface Timer {
  readonly due: number
  readonly task: () => void
}

const newYear2025 = Date.UTC(2025, 0, 1)

/**
 * Makes a clock that stands still at `start` (milliseconds since 1970, or a Date; default: the beginning of 2025).
 * What runs on it needs no sleep in a test: an hour passes by `await clock.advance(3_600_000)`.
 */
export function simulatedClock(start: number | Date = newYear2025): SimulatedClock {
  let wallOffset = start instanceof Date ? start.getTime() : start
  ok(Number.isFinite(wallOffset), 'a simulated clock starts at a time')
  let elapsed = 0
  // In the order of their due times; of those of one time, first set first.
  const timers: Timer[] = []
  let turn = Promise.resolve()

  async function pass(ms: number): Promise<void> {
    const end = elapsed + ms
    await settle()
    for (let next = timers[0]; next !== undefined && next.due <= end; next = timers[0]) {
      timers.shift()
      elapsed = Math.max(elapsed, next.due)
      next.task()
      await settle()
    }
    elapsed = end
    await settle()
  }

  return {
    // Whole milliseconds, as wall clocks have; timers may be set to parts of one.
    now: () => Math.floor(wallOffset + elapsed),
    monotonic: () => elapsed,
    after(delayMs, task) {
      ok(!Number.isNaN(delayMs), 'a timer needs a delay')
      const timer = { due: elapsed + Math.max(delayMs, 0), task }
      const place = timers.findLastIndex((other) => other.due <= timer.due) + 1
      timers.splice(place, 0, timer)
      return () => {
        const index = timers.indexOf(timer)
        if (index >= 0) timers.splice(index, 1)
      }
    },
    advance(ms) {
      ok(ms >= 0 && Number.isFinite(ms), 'time passes forwards: `jump` moves the wall clock back')
      const mine = turn.then(() => pass(ms))
      // A failed advance is its caller's to hear of; the next one goes on.
      turn = mine.catch(() => {})
      return mine
    },
    jump(ms) {
      ok(Number.isFinite(ms), 'the wall clock jumps by a number of milliseconds')
      wallOffset += ms
    },
    get waiting() {
      return timers.length
    },
  }
}

/** Lets everything run that waits for nothing but its turn: promises, and what was put off to the next turn of the loop. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 2; turns++) await new Promise<void>((resolve) => setImmediate(resolve))
}
