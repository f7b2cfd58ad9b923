/**
 * What to do about a failed attempt.
 * - `retry`: as the handler's retry policy says, then the dead-letter queue.
 * - `discard`: done with; it is counted as discarded.
 * - `dead-letter`: no retry.
 * - `hold`: park it, and its key behind it, until an operator releases it.
 * - `pause`: pause the whole subscription; with `probeAfterMs` it tries this event again after that time and goes on by
 *   itself once the event succeeds (a circuit breaker), else an operator resumes it.
 */
export type ErrorAction =
  | 'retry'
  | 'discard'
  | 'dead-letter'
  | 'hold'
  | 'pause'
  | { readonly action: 'pause'; readonly probeAfterMs: number }

/** Decides by error what to do about a failed attempt; undefined leaves it to the default. */
export type OnError = (error: unknown, failure: { readonly attempts: number }) => ErrorAction | undefined
