import type { StartPosition } from 'millrace'
import { wrongUsage } from './errors.ts'

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const span = /^(\d+(?:\.\d+)?)(s|m|h|d)$/
const iso = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/

/** A whole number from `least` on. @throws USAGE_INVALID */
export function wholeNumber(name: string, text: string, least = 0): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
  throw wrongUsage(`${name} is '${text}', not a whole number from ${least} on`)
}

/**
 * A point in time: ISO 8601 (a date alone is its midnight in UTC; a time without an offset is local), or a span such as
 * `90s`, `15m`, `2h` or `7d`, which lies `direction` of now.
 * @throws USAGE_INVALID
 */
export function pointInTime(name: string, text: string, nowMs: number, direction: 'before' | 'after'): Date {
  const [, amount, unit] = span.exec(text) ?? []
  if (amount !== undefined) {
    const ms = Number(amount) * units[unit!]!
    return new Date(direction === 'before' ? nowMs - ms : nowMs + ms)
  }
  const date = new Date(text)
  if (iso.test(text) && !Number.isNaN(date.getTime())) return date
  throw wrongUsage(`${name} is '${text}', neither a time such as 2026-04-05T17:31:00Z nor a span such as 15m or 2h`)
}

/** `beginning`, `now`, a position, or a point in time. @throws USAGE_INVALID */
export function place(name: string, text: string, nowMs: number): StartPosition {
  if (text === 'beginning' || text === 'now') return text
  if (/^\d+$/.test(text)) return { position: wholeNumber(name, text, 1) }
  try {
    return { time: pointInTime(name, text, nowMs, 'before') }
  } catch {
    throw wrongUsage(
      `${name} is '${text}', which is none of: beginning, now, a position such as 120, a time such as 2026-04-05T17:31:00Z, a span such as 15m`,
    )
  }
}

/** Positions, in any order. @throws USAGE_INVALID */
export const positions = (texts: readonly string[]): readonly number[] =>
  texts.map((text) => wholeNumber('POSITION', text, 1))

/** A value at a path such as `order.id`, as text. Undefined where there is none, or it is neither text nor a number. */
export function textAt(data: unknown, path: string): string | undefined {
  let value = data
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
