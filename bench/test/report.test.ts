import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Group, Measurement } from '../src/measurement.ts'
import { groups } from '../src/registry.ts'
import { linesOf } from '../src/report/lines.ts'
import { hasBlock, withBlock } from '../src/report/marks.ts'
import { ratio, short, spread } from '../src/report/numbers.ts'
import { withFigures } from '../src/report/page.ts'
import { plotsOf } from '../src/report/plot.ts'
import { summaryTable } from '../src/report/summary.ts'
import { asMarkdown, asText, tableOf } from '../src/report/table.ts'
import { merged, pageFile, readmeBlock, readmeFile, resultsFile } from '../src/report/write.ts'
import type { GroupResult, Results } from '../src/run/result.ts'

const measure: Measurement['measure'] = () => Promise.reject(new Error('not measured in this test'))
const plot = {
  name: 'some',
  title: 'Cost over size',
  x: { title: 'size', logarithmic: true },
  y: { title: 'time, µs' },
  lines: [{ metric: 'us', name: 'handled' }],
  alt: 'cost',
}
const group: Group = {
  name: 'some',
  title: 'Some',
  about: '',
  metrics: [{ name: 'us', title: 'µs/event', unit: 'µs', compared: 'multiple' }],
  measurements: () => [{ name: 'bare', title: 'bare', raw: true, measure }],
  plots: [plot],
}
const flat = (median: number) => ({ median, min: median, max: median })
const result: GroupResult = {
  name: 'some',
  title: 'Some',
  rows: [
    { name: 'bare', title: '`bare`', raw: true, values: { us: flat(2) }, ratios: {} },
    {
      name: 'a',
      title: 'ten',
      raw: false,
      x: 10,
      values: { us: { median: 4, min: 3, max: 5 } },
      ratios: { us: flat(2) },
    },
    { name: 'b', title: 'thousand', raw: false, x: 1_000, values: { us: flat(4.2) }, ratios: { us: flat(2.1) } },
  ],
  wanted: [],
  events: 1_000,
  runs: 1,
  large: false,
  synchronous: 'full',
  journal: 'WAL',
  date: '2026-01-01',
  commit: null,
  machine: { cpu: 'cpu', cores: 2, memoryGiB: 8, system: 'Linux', node: 'v26', sqlite: '3', disk: 'ext4' },
  seconds: 1,
}

describe('numbers', () => {
  it('have three digits', () => {
    expect([0, 0.0123, 0.5, 1.234, 12.34, 123.4, 1_234, 345_678].map(short)).toEqual([
      '0',
      '0.012',
      '0.500',
      '1.23',
      '12.3',
      '123',
      '1,230',
      '346,000',
    ])
  })

  it('show how far the runs reached, if they differ', () => {
    expect(spread({ median: 2, min: 1, max: 3 })).toBe('2.00 (1.00–3.00)')
    expect(spread(flat(2))).toBe('2.00')
    expect(ratio({ median: 0.63, min: 0.6, max: 0.66 }, 'share')).toBe('63 % (60–66)')
    expect(ratio(flat(1.4), 'multiple')).toBe('1.40×')
  })
})

describe('a table', () => {
  it('has the ratio beside the figure', () => {
    expect(asMarkdown(tableOf(group, result)).split('\n')).toEqual([
      '|  | µs/event | of raw |',
      '|---|---:|---:|',
      '| raw: `bare` | 2.00 |  |',
      '| ten | 4.00 (3.00–5.00) | 2.00× |',
      '| thousand | 4.20 | 2.10× |',
    ])
  })

  it('has columns of one width in a terminal', () => {
    const lines = asText(tableOf(group, result)).split('\n')
    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
    expect(lines[1]).toContain('raw: bare ')
  })
})

describe('a plot', () => {
  it('draws the raw limit straight across', () => {
    const lines = linesOf(plot, result)
    expect(lines.map(({ name }) => name)).toEqual(['handled', 'raw: handled'])
    expect(lines[1]?.points.map(({ x, y }) => [x, y])).toEqual([
      [10, 2],
      [1_000, 2],
    ])
  })

  it('is an SVG with its title, units and the names of its lines', async () => {
    const svg = (await plotsOf(group, result)).get('some.svg')
    for (const text of ['<svg', 'Cost over size', 'time, µs', 'size', 'raw: handled', '1,000'])
      expect(svg).toContain(text)
  })

  it('is left out when there is nothing to draw', async () => {
    expect((await plotsOf(group, { ...result, rows: result.rows.slice(0, 1) })).size).toBe(0)
  })
})

describe('a page', () => {
  const page = 'before\n<!-- a: begin (npm run bench) -->\nold\n<!-- a: end -->\nafter\n'

  it('keeps what stands around a block', () => {
    const written = withBlock(page, 'a', 'new $& text')
    expect(written).toBe('before\n<!-- a: begin (npm run bench) -->\n\nnew $& text\n\n<!-- a: end -->\nafter\n')
    expect(withBlock(written, 'a', 'new $& text')).toBe(written)
  })

  it('says which block it lacks', () => {
    expect(() => withBlock(page, 'b', '')).toThrow("no place for 'b'")
  })

  it('has a place for every group', () => {
    const text = readFileSync(pageFile, 'utf8')
    expect(groups.filter(({ name }) => !hasBlock(text, name)).map(({ name }) => name)).toEqual([])
  })
})

describe('what was measured', () => {
  const results = JSON.parse(readFileSync(resultsFile, 'utf8')) as Results

  it('is what the pages show: npm run bench -- --report --from bench/data/results.json writes them anew', () => {
    const page = readFileSync(pageFile, 'utf8')
    expect(withFigures(page, groups, results)).toBe(page)
    const readme = readFileSync(readmeFile, 'utf8')
    if (hasBlock(readme, readmeBlock)) {
      expect(withBlock(readme, readmeBlock, summaryTable(groups, results))).toBe(readme)
    }
  })

  it('takes the place of what was known of a group, and leaves the others', () => {
    const [first, second] = results.groups as readonly [GroupResult, GroupResult]
    const now = { ...second, date: '2999-01-01' }
    const { groups: all } = merged({ format: 1, groups: [second, first] }, { format: 1, groups: [now] })
    expect(all).toEqual([first, now])
  })
})
