import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { groups } from '../registry.ts'
import type { Results } from '../run/result.ts'
import { hasBlock, withBlock } from './marks.ts'
import { withFigures } from './page.ts'
import { plotsOf } from './plot.ts'
import { summaryTable } from './summary.ts'

const root = resolve(import.meta.dirname, '../../..')

/** The results that the page shows, from which it can be written again. */
export const resultsFile = join(root, 'bench/data/results.json')
export const pageFile = join(root, 'docs/performance.md')
export const readmeFile = join(root, 'README.md')
const plotsFolder = join(root, 'docs/performance')

/** The mark of the one table in the README. */
export const readmeBlock = 'performance'

/** Results as text; more than six digits would only make differences where there are none. */
export const asJson = (results: Results): string =>
  JSON.stringify(results, (_, value) => (typeof value === 'number' ? rounded(value) : value), 1)

const rounded = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(6)))

/** Groups that were measured now take the place of what is known of them; the others stay. */
export function merged(before: Results, now: Results): Results {
  const names = groups.map(({ name }) => name)
  const newest = new Map([...before.groups, ...now.groups].map((group) => [group.name, group]))
  return { format: 1, groups: names.flatMap((name) => newest.get(name) ?? []) }
}

/** Writes the page, its plots and the README's table. @returns the files that were written */
export async function writeReport(now: Results): Promise<readonly string[]> {
  const before = existsSync(resultsFile)
    ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as Results)
    : { format: 1 as const, groups: [] }
  // What is written and what is read again must be the same numbers.
  const results = JSON.parse(asJson(merged(before, now))) as Results
  const written: string[] = []
  const write = (path: string, text: string): void => {
    writeFileSync(path, text)
    written.push(relative(root, path))
  }
  const page = withFigures(readFileSync(pageFile, 'utf8'), groups, results)
  const readme = readFileSync(readmeFile, 'utf8')
  mkdirSync(plotsFolder, { recursive: true })
  mkdirSync(join(resultsFile, '..'), { recursive: true })
  for (const result of now.groups) {
    const group = groups.find(({ name }) => name === result.name)
    if (group === undefined) continue
    for (const [name, svg] of await plotsOf(group, result)) write(join(plotsFolder, name), svg)
  }
  write(pageFile, page)
  write(resultsFile, `${asJson(results)}\n`)
  if (hasBlock(readme, readmeBlock)) write(readmeFile, withBlock(readme, readmeBlock, summaryTable(groups, results)))
  return written
}
