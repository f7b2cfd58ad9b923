import type { Group, Metric } from '../measurement.ts'
import type { GroupResult, Judged, Row } from '../run/result.ts'
import { ratio, short, spread } from './numbers.ts'

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The figures of a group: a column a metric, and beside those that are compared their ratio to the raw limit. */
export function tableOf(group: Group, result: GroupResult): Table {
  const metrics = group.metrics.filter(({ name }) => result.rows.some(({ values }) => values[name] !== undefined))
  const isCompared = ({ name }: Metric): boolean => result.rows.some(({ ratios }) => ratios[name] !== undefined)
  const single = metrics.length === 1
  const head = metrics.flatMap((metric) => [metric.title, ...(isCompared(metric) ? [single ? 'of raw' : ''] : [])])
  const cells = (row: Row): readonly string[] =>
    metrics.flatMap((metric) => {
      const value = row.values[metric.name]
      const share = row.ratios[metric.name]
      const cell = value === undefined ? '' : spread(value)
      return isCompared(metric) ? [cell, share === undefined ? '' : ratio(share, metric.compared)] : [cell]
    })
  return {
    head: ['', ...head.map((title) => (title === '' ? 'of raw' : title))],
    rows: result.rows.map((row) => [row.raw ? `raw: ${row.title}` : row.title, ...cells(row)]),
  }
}

const plain = (text: string): string => text.replaceAll('`', '')

/** The table for a terminal. */
export function asText({ head, rows }: Table): string {
  const lines = [head, ...rows].map((line) => line.map(plain))
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  const pad = (line: readonly string[]): string =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')
  return lines.map(pad).join('\n')
}

export function asMarkdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|---|${'---:|'.repeat(head.length - 1)}`, ...rows.map(line)].join('\n')
}

/** What is wanted of a figure and whether it is so, in a sentence. */
export function sentenceOf(group: Group, result: GroupResult, judged: Judged): string {
  const { value, met, ratioAtLeast, atMost } = judged
  const metric = group.metrics.find(({ name }) => name === judged.metric)!
  const row = result.rows.find(({ name }) => name === judged.measurement)!
  const is =
    ratioAtLeast === undefined
      ? `${metric.title.replace(`, ${metric.unit}`, '')} ${short(value)} ${metric.unit}, wanted at most ${atMost}`
      : `${short(value * 100)} % of raw, wanted at least ${ratioAtLeast * 100} %`
  return `${met ? 'met' : 'not met'}: ${row.title}: ${is}`
}
