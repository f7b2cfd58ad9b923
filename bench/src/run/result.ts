import type { Curve, Group, Measurement, Sample, Synchronous, Wanted } from '../measurement.ts'
import type { Machine } from './machine.ts'
import { type Summary, summary } from './statistics.ts'

/** One line of a group's table. */
export interface Row {
  readonly name: string
  readonly title: string
  readonly raw: boolean
  readonly against?: string
  readonly x?: number
  /** By metric. */
  readonly values: Readonly<Record<string, Summary>>
  /** By metric: to the raw limit of the same turn, so that what slows the machine down slows both. */
  readonly ratios: Readonly<Record<string, Summary>>
  /** Of the last run. */
  readonly curves?: readonly Curve[]
}

/** Whether a figure is as it is wanted to be. */
export interface Judged extends Wanted {
  readonly value: number
  readonly met: boolean
}

/** What a group gave, with all that its figures depend on. */
export interface GroupResult {
  readonly name: string
  readonly title: string
  readonly rows: readonly Row[]
  readonly wanted: readonly Judged[]
  readonly events: number
  readonly runs: number
  readonly large: boolean
  readonly synchronous: Synchronous
  readonly journal: 'WAL'
  readonly date: string
  readonly commit: string | null
  readonly machine: Machine
  readonly seconds: number
}

/** What `--json` writes. */
export interface Results {
  readonly format: 1
  readonly groups: readonly GroupResult[]
}

/** The samples of all turns of each measurement, in order; undefined where one failed. */
export type Samples = ReadonlyMap<string, readonly (Sample | undefined)[]>

export function rowOf(group: Group, measurement: Measurement, samples: Samples): Row {
  const { name, title, raw = false, against, x } = measurement
  const own = samples.get(name) ?? []
  const limits = against === undefined ? [] : (samples.get(against) ?? [])
  const values: Record<string, Summary> = {}
  const ratios: Record<string, Summary> = {}
  for (const metric of group.metrics) {
    const numbers = own.flatMap((sample) => sample?.values[metric.name] ?? [])
    if (numbers.length === 0) continue
    const whole = summary(numbers)
    values[metric.name] = metric.worst === true ? { ...whole, median: whole.max } : whole
    if (metric.compared === undefined) continue
    const shares = own.flatMap((sample, turn) => ratio(sample?.values[metric.name], limits[turn]?.values[metric.name]))
    if (shares.length > 0) ratios[metric.name] = summary(shares)
  }
  const curves = own.findLast((sample) => sample !== undefined)?.curves
  return {
    name,
    title,
    raw,
    ...(against === undefined ? {} : { against }),
    ...(x === undefined ? {} : { x }),
    values,
    ratios,
    ...(curves === undefined ? {} : { curves }),
  }
}

const ratio = (value: number | undefined, limit: number | undefined): readonly number[] =>
  value === undefined || limit === undefined || limit === 0 ? [] : [value / limit]

/** Holds the rows against what is wanted of them. What was not measured is not judged. */
export function judge(wanted: readonly Wanted[], rows: readonly Row[]): readonly Judged[] {
  return wanted.flatMap((each) => {
    const row = rows.find(({ name }) => name === each.measurement)
    const found = (each.ratioAtLeast === undefined ? row?.values : row?.ratios)?.[each.metric]
    if (found === undefined) return []
    const value = found.median
    const met =
      value >= (each.ratioAtLeast ?? Number.NEGATIVE_INFINITY) && value <= (each.atMost ?? Number.POSITIVE_INFINITY)
    return [{ ...each, value, met }]
  })
}
