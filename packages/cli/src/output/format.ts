const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** 12,345 */
export const count = (value: number): string => whole.format(value)

/** `1 event`, `12,345 events` */
export const counted = (value: number, noun: string, nouns = `${noun}s`): string =>
  `${count(value)} ${value === 1 ? noun : nouns}`

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** 1.2 MiB */
export function bytes(value: number): string {
  let size = 0
  let rest = value
  while (rest >= 1024 && size < sizes.length - 1) {
    rest /= 1024
    size++
  }
  return `${size === 0 || rest >= 100 ? count(rest) : rest.toFixed(1)} ${sizes[size]}`
}

const steps = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** 120 ms, 3.2 s, 4 min 5 s, 2 h 10 min, 3 d 4 h */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  const first = steps.findIndex(([, unitMs]) => ms >= unitMs)
  const [unit, unitMs] = steps[first]!
  const whole = Math.floor(ms / unitMs)
  const next = steps[first + 1]
  const rest = next === undefined ? 0 : Math.floor((ms % unitMs) / next[1])
  return rest === 0 ? `${count(whole)} ${unit}` : `${count(whole)} ${unit} ${rest} ${next![0]}`
}

/** 2026-04-05T17:31:00.123Z */
export const time = (ms: number): string => new Date(ms).toISOString()

/** `3.2 s ago`, `in 4 min 5 s` */
export function relative(ms: number, nowMs: number): string {
  return ms <= nowMs ? `${duration(nowMs - ms)} ago` : `in ${duration(ms - nowMs)}`
}
