import type { Outcome } from './measure/index.ts'

/** Several runs of one measurement. Rates are in events a second; the spread is what the runs had. */
export type Figure = RateFigure | LatencyFigure

export interface RateFigure {
  readonly kind: 'rate'
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Percentiles in milliseconds: the median of the runs, and the spread of the 99th. */
export interface LatencyFigure {
  readonly kind: 'latency'
  readonly p50Ms: number
  readonly p99Ms: number
  readonly minP99Ms: number
  readonly maxP99Ms: number
}

/** The value in the middle; of an even number of values the lower one of the two. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
  if (middle === undefined) throw new Error('no values to take the median of')
  return middle
}

/** What several outcomes of the same measurement come to. */
export function figureOf(outcomes: readonly Outcome[]): Figure {
  const rates = outcomes.flatMap((each) => ('perSecond' in each ? [each.perSecond] : []))
  if (rates.length > 0) {
    return { kind: 'rate', median: median(rates), min: Math.min(...rates), max: Math.max(...rates) }
  }
  const latencies = outcomes.flatMap((each) => ('p99Ms' in each ? [each] : []))
  const p99 = latencies.map(({ p99Ms }) => p99Ms)
  return {
    kind: 'latency',
    p50Ms: median(latencies.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(p99),
    minP99Ms: Math.min(...p99),
    maxP99Ms: Math.max(...p99),
  }
}
