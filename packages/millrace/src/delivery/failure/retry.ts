import { MillraceError } from '../../base/index.ts'

/** What a retry policy says after a failed attempt: wait this long, or give up. */
export type RetryDecision = { readonly delayMs: number } | 'give-up'

/**
 * Decides after each failed attempt. `attempts` counts the failures so far, the first is 1. `random` is uniform in [0, 1).
 * Attempts are kept in the store, so they survive a crash; a crash itself is not an attempt.
 */
export type RetryPolicy = (failure: {
  readonly error: unknown
  readonly attempts: number
  readonly random: () => number
}) => RetryDecision

/** No retry: the first failure is final. */
export const noRetry: RetryPolicy = () => 'give-up'

/** Retries at once, up to `attempts` attempts in all. @throws CONFIG_INVALID */
export function immediate(options: { readonly attempts: number }): RetryPolicy {
  return fixed({ attempts: options.attempts, delayMs: 0 })
}

/** Retries after the same delay each time, up to `attempts` attempts in all. @throws CONFIG_INVALID */
export function fixed(options: { readonly attempts: number; readonly delayMs: number }): RetryPolicy {
  assertFrom('attempts', options.attempts, 1)
  assertFrom('delayMs', options.delayMs, 0)
  return ({ attempts }) => (attempts < options.attempts ? { delayMs: options.delayMs } : 'give-up')
}

export interface ExponentialOptions {
  /** Attempts in all, the first included. */
  readonly attempts: number
  /** The longest delay before the second attempt. Default 200. */
  readonly baseMs?: number
  /** By how much each longest delay exceeds the one before. Default 2. */
  readonly factor?: number
  /** No delay is longer. Default 60,000. */
  readonly maxMs?: number
  /** `full` draws each delay between 0 and the longest, so that failures do not return in step. Default `full`. */
  readonly jitter?: 'full' | 'none'
}

/**
 * Retries after delays that grow exponentially, by default with full jitter.
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 * @throws CONFIG_INVALID
 */
export function exponential(options: ExponentialOptions): RetryPolicy {
  const { baseMs = 200, factor = 2, maxMs = 60_000, jitter = 'full' } = options
  assertFrom('attempts', options.attempts, 1)
  assertFrom('baseMs', baseMs, 0)
  assertFrom('factor', factor, 1)
  assertFrom('maxMs', maxMs, 0)
  return ({ attempts, random }) => {
    if (attempts >= options.attempts) return 'give-up'
    const longest = Math.min(maxMs, baseMs * factor ** (attempts - 1))
    return { delayMs: jitter === 'full' ? random() * longest : longest }
  }
}

/** Chooses a policy by the error. */
export function byError(choose: (error: unknown) => RetryPolicy): RetryPolicy {
  return (failure) => choose(failure.error)(failure)
}

function assertFrom(option: string, value: number, least: number): void {
  // Infinity is a choice, NaN is a mistake.
  if (typeof value === 'number' && value >= least) return
  throw new MillraceError('CONFIG_INVALID', { option, reason: `not a number from ${least} on` })
}
