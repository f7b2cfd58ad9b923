import { isMillraceError } from '../../base/index.ts'
import type { KeptReason } from '../../store/index.ts'
import type { HandlerOptions } from '../handler.ts'
import { exponential } from './retry.ts'

/** What becomes of a delivery whose attempt failed. */
export type Verdict =
  | { readonly kind: 'park'; readonly delayMs: number }
  | { readonly kind: 'hold'; readonly reason: KeptReason }
  | { readonly kind: 'dead'; readonly reason: KeptReason }
  | { readonly kind: 'done'; readonly reason: 'discarded' | 'refused' }
  | { readonly kind: 'pause'; readonly probeAfterMs: number | undefined }

const defaultRetry = exponential({ attempts: 5 })

/**
 * The failure path: by the error itself where that leaves no choice (a refusal is an answer, a newer version waits for
 * its contract, invalid data stays invalid), then by the handler's `onError`, then by its retry policy.
 */
export function decide(
  error: unknown,
  attempts: number,
  options: HandlerOptions | undefined,
  random: () => number,
): Verdict {
  if (isMillraceError(error, 'COMMAND_REFUSED')) return { kind: 'done', reason: 'refused' }
  if (isMillraceError(error, 'EVENT_VERSION_NEWER')) return { kind: 'hold', reason: 'newer-version' }
  const action = options?.onError?.(error, { attempts }) ?? defaultAction(error)
  if (typeof action === 'object') return { kind: 'pause', probeAfterMs: action.probeAfterMs }
  switch (action) {
    case 'discard':
      return { kind: 'done', reason: 'discarded' }
    case 'dead-letter':
      return { kind: 'dead', reason: reasonOf(error) }
    case 'hold':
      return { kind: 'hold', reason: 'held' }
    case 'pause':
      return { kind: 'pause', probeAfterMs: undefined }
    case 'retry': {
      const decision = (options?.retry ?? defaultRetry)({ error, attempts, random })
      return decision === 'give-up'
        ? { kind: 'dead', reason: 'exhausted' }
        : { kind: 'park', delayMs: Math.max(0, decision.delayMs) }
    }
  }
}

function reasonOf(error: unknown): KeptReason {
  if (isMillraceError(error, 'EVENT_EXPIRED')) return 'expired'
  return isMillraceError(error, 'DATA_INVALID') || isMillraceError(error, 'EVENT_UNREADABLE') ? 'invalid' : 'fatal'
}

function defaultAction(error: unknown): 'retry' | 'dead-letter' {
  return isMillraceError(error) && !error.retryable ? 'dead-letter' : 'retry'
}
