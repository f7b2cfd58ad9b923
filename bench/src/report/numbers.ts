import type { Metric } from '../measurement.ts'
import type { Summary } from '../run/statistics.ts'

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** Three significant digits are what such figures are good for. */
export function short(value: number): string {
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return digits > 0 ? value.toFixed(Math.min(digits, 3)) : grouped.format(Number(value.toPrecision(3)))
}

/** The median, and from where to where the runs reached if there were several. */
export function spread({ median, min, max }: Summary, format: (value: number) => string = short): string {
  const [low, high] = [format(min), format(max)]
  return low === high ? format(median) : `${format(median)} (${low}–${high})`
}

const percent = (value: number): string => `${(value * 100).toFixed(value < 0.1 ? 1 : 0)}`

/** A ratio to the raw limit: `63 % (60–66)` of a rate, `1.4× (1.3–1.5)` of a time or a size. */
export function ratio({ median, min, max }: Summary, compared: Metric['compared']): string {
  const format = compared === 'share' ? percent : short
  const [low, high] = [format(min), format(max)]
  const range = low === high ? '' : ` (${low}–${high})`
  return compared === 'share' ? `${percent(median)} %${range}` : `${short(median)}×${range}`
}
