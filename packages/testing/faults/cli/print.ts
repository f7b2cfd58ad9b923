import { inspect, styleText } from 'node:util'
import { hasPassed, type SeedResult, type Suite, sumOf } from '../suite.ts'
import { commitOf } from './commit.ts'

type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold'

/** In colour where the output is a terminal (and NO_COLOR is not set). */
export const paint = (colour: Colour, text: string): string => styleText(colour, text, { stream: process.stdout })

/** What is shown of all that is counted: in columns, and what a fault did in words after them. */
const columns = ['operations', 'events', 'effects']
const isAside = (name: string): boolean =>
  columns.includes(name) ||
  /^(ok|failed|indeterminate|processes|records read|waits|redriven|SQL_FAILED|REVISION_CONFLICT|(point|killed at|caught:) .*)$/.test(
    name,
  )
const mostFindings = 5
/** Of very many seeds one is shown now and then. */
const manySeeds = 100
const showEveryMs = 1_000
let shownMs = Number.NEGATIVE_INFINITY

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
const grouped = (number: number): string => number.toLocaleString('en-US')

/** One line for a seed; more where something is wrong with it. */
export function printSeed(suite: Suite, result: SeedResult, done: number, of: number): void {
  const passed = hasPassed(result)
  const now = performance.now()
  if (passed && of > manySeeds && now - shownMs < showEveryMs && done !== of) return
  shownMs = now
  const mark = passed ? paint('green', '✓') : paint('red', '✗')
  const counts = columns.flatMap((name) => (result.counts.has(name) ? [`${result.counts.get(name)} ${name}`] : []))
  const place = paint('dim', `${String(done).padStart(String(of).length)}/${of}`)
  console.log(
    `${mark} ${suite.name.padEnd(12)} ${place}  seed ${result.seed}  ${seconds(result.ms)}  ${[...counts, doneIn(result.counts)].join('  ')}`,
  )
  if (passed) return
  for (const { kind, message, evidence } of result.findings.slice(0, mostFindings)) {
    console.log(`    ${paint('red', kind)}: ${message}`)
    console.log(paint('dim', `      ${inspect(evidence, { breakLength: Number.POSITIVE_INFINITY, depth: 4 })}`))
  }
  const more = result.findings.length - mostFindings
  if (more > 0) console.log(`    and ${more} more`)
  if (result.error !== undefined) console.log(indented(inspect(result.error)))
  console.log(`    again: npm run test:faults -- --only ${suite.name} --first ${result.seed} --seeds 1`)
  console.log(`    commit ${commitOf()}${result.kept === undefined ? '' : `; kept: ${result.kept}`}`)
}

/** What the fault did to the system. */
const doneIn = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .filter(([name]) => !isAside(name))
    .map(([name, count]) => `${grouped(count)} ${name}`)
    .join(', ')

const indented = (text: string): string => text.replaceAll(/^/gm, '    ')

/** What a suite came to. */
export interface SuiteResult {
  readonly suite: Suite
  readonly results: readonly SeedResult[]
  /** Why it was not tried. */
  readonly skipped?: string
  /** What all seeds together should have shown, and did not. */
  readonly missing: readonly string[]
  readonly ms: number
}

/** The table at the end. */
export function printTable(suites: readonly SuiteResult[]): void {
  const head = ['fault', 'seeds', 'failed', ...columns, 'time']
  const rows = suites.map(({ suite, results, skipped, ms }) => {
    const sums = sumOf(results)
    const failed = results.filter((result) => !hasPassed(result)).length
    if (skipped !== undefined) return [suite.name, 'skipped', '', ...columns.map(() => ''), '']
    const counts = columns.map((name) => grouped(sums.get(name) ?? 0))
    return [suite.name, grouped(results.length), grouped(failed), ...counts, seconds(ms)]
  })
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')
  console.log(`\n${paint('bold', line(head))}`)
  for (const [index, row] of rows.entries()) {
    const { missing, results } = suites[index]!
    const isBad = missing.length > 0 || results.some((result) => !hasPassed(result))
    console.log(`${isBad ? paint('red', line(row)) : line(row)}  ${paint('dim', doneIn(sumOf(results)))}`)
  }
}
