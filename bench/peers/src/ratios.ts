import type { MeasurementName } from './measure/index.ts'
import { ours, type Result, type Row } from './result.ts'

/** Millrace in its default setting, which syncs before it confirms, against the best of the others. */
export interface Ratio {
  readonly what: string
  readonly millrace: number
  /** How many times better Millrace should be. */
  readonly wanted: number
  /** Against the best peer in any setting, also those that do not sync. */
  readonly any: Comparison
  /** Against the best peer of those that sync, too; `undefined` where none does. */
  readonly synced: Comparison | undefined
}

export interface Comparison {
  readonly best: number
  readonly row: string
  /** How many times better Millrace is: faster, or sooner. */
  readonly ratio: number
  readonly met: boolean
}

/** What a row has for a question; `undefined` where it was not measured. */
type Value = (row: Row) => number | undefined

interface Question {
  readonly what: string
  readonly value: Value
  readonly wanted: number
  /** For latencies less is better. */
  readonly lessIsBetter?: boolean
  readonly among?: (row: Row) => boolean
}

const rate =
  (name: MeasurementName): Value =>
  ({ figures }) => {
    const figure = figures[name]
    return figure?.kind === 'rate' ? figure.median : undefined
  }

const p99 =
  (name: MeasurementName): Value =>
  ({ figures }) => {
    const figure = figures[name]
    return figure?.kind === 'latency' ? figure.p99Ms : undefined
  }

/** The better of two ways to do the same. */
const better =
  (...values: readonly Value[]): Value =>
  (row) => {
    const found = values.map((value) => value(row)).filter((each) => each !== undefined)
    return found.length === 0 ? undefined : Math.max(...found)
  }

const isEmmett = ({ peer }: Row): boolean => peer.startsWith('Emmett')

const questions: readonly Question[] = [
  {
    what: 'published a second, each in its best way',
    value: better(rate('publishSingle'), rate('publishBatch')),
    wanted: 5,
  },
  { what: 'published a second, single calls', value: rate('publishSingle'), wanted: 5 },
  { what: 'handled and acknowledged a second', value: rate('handle'), wanted: 4 },
  { what: 'events appended a second, 100 an append', value: rate('append100'), wanted: 5, among: isEmmett },
  { what: 'events appended a second, 1 an append', value: rate('append1'), wanted: 5, among: isEmmett },
  { what: 'idle, publish until durable, p99 ms', value: p99('idlePublish'), wanted: 1, lessIsBetter: true },
  { what: 'idle, publish until handled, p99 ms', value: p99('idleHandle'), wanted: 1, lessIsBetter: true },
]

export const nameOf = ({ peer, setting }: Pick<Row, 'peer' | 'setting'>): string => `${peer}, ${setting}`

/** What was wanted, as far as the rows allow to tell. */
export function ratiosOf({ rows }: Pick<Result, 'rows'>): readonly Ratio[] {
  const mine = rows.find(({ peer, setting }) => peer === ours && setting === 'safe')
  if (mine === undefined) return []
  const others = rows.filter(({ peer }) => peer !== ours)
  const synced = others.filter(({ setting }) => setting === 'safe')
  return questions.flatMap((question) => {
    const millrace = question.value(mine)
    if (millrace === undefined) return []
    const any = compared(question, millrace, others)
    if (any === undefined) return []
    return [
      { what: question.what, millrace, wanted: question.wanted, any, synced: compared(question, millrace, synced) },
    ]
  })
}

function compared(question: Question, millrace: number, rows: readonly Row[]): Comparison | undefined {
  const { value, wanted, lessIsBetter = false, among = () => true } = question
  const measured = rows.filter(among).flatMap((row) => {
    const found = value(row)
    return found === undefined ? [] : [{ row, found }]
  })
  const best = measured.toSorted((a, b) => (lessIsBetter ? a.found - b.found : b.found - a.found))[0]
  if (best === undefined) return undefined
  const ratio = lessIsBetter ? best.found / millrace : millrace / best.found
  return { best: best.found, row: nameOf(best.row), ratio: Number(ratio.toFixed(2)), met: ratio >= wanted }
}
