/** One measured figure. A rate is in events a second; a ratio is to the raw limit that was measured in the same run. */
export interface Figure {
  readonly name: string
  readonly perSecond?: number
  readonly ratioToRaw?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly maxMs?: number
}

/** Runs `work`, which handles `count` events, and gives the rate. */
export async function rate(count: number, work: () => unknown): Promise<number> {
  const began = performance.now()
  await work()
  return Math.round((count / (performance.now() - began)) * 1000)
}

/** The median of several runs of one measurement: a single run on a shared machine says little. */
export async function median(runs: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let run = 0; run < runs; run++) values.push(await measure())
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** Percentiles of latencies in milliseconds. */
export function percentiles(latenciesMs: readonly number[]): Pick<Figure, 'p50Ms' | 'p99Ms' | 'maxMs'> {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(2))
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}
