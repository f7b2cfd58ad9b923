import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import type { Group, Plot } from '../measurement.ts'
import type { GroupResult } from '../run/result.ts'
import { commonName, type Line, linesOf } from './lines.ts'
import { colours, dashed, solid, theme } from './theme.ts'

/** Lines of so few points show where they were measured, and how far the runs reached. */
const fewPoints = 20

function specOf(plot: Plot, lines: readonly Line[]): TopLevelSpec {
  const sorted = lines.toSorted((a, b) => Number(a.raw) - Number(b.raw))
  const domain = sorted.map(({ name }) => name)
  const plain = [...new Set(domain.map(commonName))]
  const range = domain.map((name) => colours[plain.indexOf(commonName(name)) % colours.length]!)
  const dashes = sorted.map(({ raw }) => (raw ? dashed : solid))
  return {
    title: plot.title,
    data: { values: lines.flatMap(({ points }) => points) },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: plot.x.title,
        scale: plot.x.logarithmic ? { type: 'log', nice: false } : { zero: true, nice: false },
        axis: plot.x.logarithmic
          ? { format: ',', values: ticks(lines), labelOverlap: false }
          : { format: ',', grid: false },
      },
      color: { field: 'line', type: 'nominal', scale: { domain, range } },
      strokeDash: { field: 'line', type: 'nominal', scale: { domain, range: dashes } },
    },
    layer: [
      {
        mark: { type: 'line', strokeWidth: 2 },
        encoding: { y: { field: 'y', type: 'quantitative', title: plot.y.title, scale: { zero: true } } },
      },
      ...(lines.every(({ points }) => points.length <= fewPoints) ? measuredPoints(lines) : []),
    ],
    config: theme,
  }
}

function measuredPoints(lines: readonly Line[]) {
  const measured = lines.filter(({ constant }) => !constant).map(({ name }) => name)
  return [
    {
      transform: [{ filter: 'datum.low < datum.high' }],
      mark: { type: 'rule' as const, strokeWidth: 1 },
      encoding: { y: { field: 'low', type: 'quantitative' as const }, y2: { field: 'high' } },
    },
    {
      transform: [{ filter: { field: 'line', oneOf: measured } }],
      mark: { type: 'point' as const, filled: true, size: 45, opacity: 1 },
      encoding: { y: { field: 'y', type: 'quantitative' as const } },
    },
  ]
}

/** Where it was measured, as ticks. */
const ticks = (lines: readonly Line[]): number[] => [
  ...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x))),
]

/** The plots of a group as SVG, by the names of their files; those without points are left out. */
export async function plotsOf(group: Group, result: GroupResult): Promise<ReadonlyMap<string, string>> {
  const made = new Map<string, string>()
  for (const plot of group.plots ?? []) {
    const lines = linesOf(plot, result)
    if (!lines.some(({ raw, points }) => !raw && points.length > 1)) continue
    const view = new View(parse(compile(specOf(plot, lines)).spec), { renderer: 'none' })
    made.set(`${plot.name}.svg`, `${await view.toSVG()}\n`)
    view.finalize()
  }
  return made
}
