import type { ErrorCode } from 'millrace'

/** What the exit code of the command tells. docs/cli.md lists them. */
export const exit = { ok: 0, failed: 1, usage: 2, notFound: 3, conflict: 4, interrupted: 130 } as const

const codesOf: Readonly<Partial<Record<ErrorCode, number>>> = {
  USAGE_INVALID: exit.usage,
  STORE_NOT_CHOSEN: exit.usage,
  APP_FILE_INVALID: exit.usage,
  TOPIC_INVALID: exit.usage,
  SUBSCRIPTION_UNKNOWN: exit.notFound,
  DELIVERY_UNKNOWN: exit.notFound,
  CONTRACT_UNKNOWN: exit.notFound,
  PATTERN_UNKNOWN: exit.notFound,
  TIMER_GONE: exit.notFound,
  LEASE_HELD: exit.conflict,
  LEASE_LOST: exit.conflict,
  STORE_BUSY: exit.conflict,
  STORE_LOCKED: exit.conflict,
  REVISION_CONFLICT: exit.conflict,
  VERSION_CONFLICT: exit.conflict,
  HANDLER_DUPLICATE: exit.conflict,
}

export const exitCodeOf = (code: string): number => codesOf[code as ErrorCode] ?? exit.failed
