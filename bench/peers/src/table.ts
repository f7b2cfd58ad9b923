import type { Figure } from './figures.ts'
import { type MeasurementName, measurements } from './measure/index.ts'
import { type Comparison, nameOf, ratiosOf } from './ratios.ts'
import type { Result } from './result.ts'

/** A table as rows of cells; the first row is the head. */
export type Table = readonly (readonly string[])[]

const whole = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 0 })

/** `31,200 (29,100–33,000)`, or `0.41 / 1.20 (0.90–1.60)` for p50 and p99. */
export function cellOf(figure: Figure | undefined, runs: number): string {
  if (figure === undefined) return ''
  if (figure.kind === 'rate') {
    return runs === 1 ? whole(figure.median) : `${whole(figure.median)} (${whole(figure.min)}–${whole(figure.max)})`
  }
  const both = `${figure.p50Ms} / ${figure.p99Ms}`
  return runs === 1 ? both : `${both} (${figure.minP99Ms}–${figure.maxP99Ms})`
}

/** The figures of some measurements, a row for each peer and setting that has any. */
export function figuresTable({ rows, runs }: Pick<Result, 'rows' | 'runs'>, names: readonly MeasurementName[]): Table {
  const wide = names.map(
    (name) => measurements[name].title + (measurements[name].kind === 'latency' ? ', p50 / p99' : ''),
  )
  const body = rows
    .filter(({ figures, failures }) => names.some((name) => name in figures || name in failures))
    .map((row) => [
      nameOf(row),
      ...names.map((name) => (name in row.failures ? 'failed' : cellOf(row.figures[name], runs))),
    ])
  return [['', ...wide], ...body]
}

const amount = (value: number): string => (value < 1_000 ? String(value) : whole(value))

const comparisonCell = (comparison: Comparison | undefined): string =>
  comparison === undefined
    ? ''
    : `${comparison.ratio}× ${comparison.met ? '✓' : '✗'} ${comparison.row}: ${amount(comparison.best)}`

export const ratiosTable = (result: Pick<Result, 'rows'>): Table => [
  ['', 'Millrace, safe', 'wanted', 'best peer in any setting', 'best peer that syncs'],
  ...ratiosOf(result).map(({ what, millrace, wanted, any, synced }) => [
    what,
    amount(millrace),
    `${wanted}×`,
    comparisonCell(any),
    comparisonCell(synced),
  ]),
]

/** A table for a terminal: columns as wide as they need be, numbers to the right. */
export function asText(table: Table): string {
  const widths = (table[0] ?? []).map((_, at) => Math.max(...table.map((row) => (row[at] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ')
  const [head = [], ...rest] = table
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rest.map(line)].join('\n')
}

/** A table for a page. */
export function asMarkdown(table: Table): string {
  const line = (row: readonly string[]): string => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const [head = [], ...rest] = table
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rest.map(line)].join('\n')
}
