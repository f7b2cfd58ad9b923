import type { Plot } from '../measurement.ts'
import type { GroupResult, Row } from '../run/result.ts'

/** One point of one line; `low` and `high` are how far the runs reached. */
interface Point {
  readonly line: string
  readonly x: number
  readonly y: number
  readonly low: number
  readonly high: number
}

export interface Line {
  readonly name: string
  readonly raw: boolean
  /** Straight across, where it was not measured. */
  readonly constant: boolean
  readonly points: readonly Point[]
}

const rawMark = 'raw: '

/** The name that a line and its raw limit have in common. */
export const commonName = (name: string): string => name.replace(rawMark, '')

/** The lines of a plot; a raw limit that does not depend on x goes straight across. */
export function linesOf(plot: Plot, result: GroupResult): readonly Line[] {
  if (plot.lines === undefined) {
    return result.rows.flatMap(({ raw, curves = [] }) =>
      curves.map((curve) => {
        const line = raw ? rawMark + curve.name : curve.name
        const points = curve.points.map(([x, y]) => ({ line, x, y, low: y, high: y }))
        return { name: line, raw, constant: false, points }
      }),
    )
  }
  const at = result.rows.flatMap(({ x }) => x ?? [])
  const ends = [Math.min(...at), Math.max(...at)]
  return plot.lines.flatMap(({ metric, name }) =>
    [false, true].flatMap((raw): readonly Line[] => {
      const line = raw ? rawMark + name : name
      const rows = result.rows.filter((row) => row.raw === raw)
      const constant = raw && rows.every(({ x }) => x === undefined)
      const points = constant
        ? rows.flatMap((row) => ends.flatMap((x) => pointOf(row, metric, line, x).map(withoutSpread)))
        : rows.flatMap((row) => (row.x === undefined ? [] : pointOf(row, metric, line, row.x)))
      return points.length === 0 ? [] : [{ name: line, raw, constant, points }]
    }),
  )
}

const withoutSpread = (point: Point): Point => ({ ...point, low: point.y, high: point.y })

function pointOf({ values }: Row, metric: string, line: string, x: number): readonly Point[] {
  const value = values[metric]
  return value === undefined ? [] : [{ line, x, y: value.median, low: value.min, high: value.max }]
}
