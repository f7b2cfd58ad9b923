import { setTimeout as sleep } from 'node:timers/promises'

/** Calls `each` every so many milliseconds, without waiting for what it begins. */
export async function every(intervalMs: number, count: number, each: (number: number) => void): Promise<void> {
  const beganMs = performance.now()
  for (let number = 0; number < count; number++) {
    const dueMs = beganMs + number * intervalMs
    await sleep(Math.max(0, dueMs - performance.now()))
    each(number)
  }
}

/**
 * Calls `each` at a steady rate, in the first turn of the event loop after a call is due. A loop that was blocked makes up for
 * it, and what was due meanwhile counts as late: that is what its callers would see.
 */
export async function atRate(
  perSecond: number,
  count: number,
  each: (number: number, dueMs: number) => void,
): Promise<void> {
  const beganMs = performance.now()
  const dueOf = (number: number): number => beganMs + (number / perSecond) * 1_000
  for (let number = 0; number < count; ) {
    const nowMs = performance.now()
    for (; number < count && dueOf(number) <= nowMs; number++) each(number, dueOf(number))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The first failure of promises that nobody awaits one by one. */
export function failures(): { readonly watch: (promise: Promise<unknown>) => void; readonly assertNone: () => void } {
  let failed = false
  let first: unknown
  return {
    watch(promise) {
      promise.catch((error: unknown) => {
        if (!failed) first = error
        failed = true
      })
    },
    assertNone() {
      if (failed) throw new Error('An event could not be published', { cause: first })
    },
  }
}
