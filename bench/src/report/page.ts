import type { Group } from '../measurement.ts'
import type { GroupResult, Results } from '../run/result.ts'
import { withBlock } from './marks.ts'
import { summaryTable } from './summary.ts'
import { asMarkdown, sentenceOf, tableOf } from './table.ts'

const big = (value: number): string => value.toLocaleString('en')

/** What the figures depend on, in a sentence. */
function conditions({ machine, synchronous, journal }: GroupResult): string {
  const { cpu, cores, memoryGiB, system, node, sqlite, disk } = machine
  return (
    `Node.js ${node}, SQLite ${sqlite}, \`synchronous=${synchronous.toUpperCase()}\`, ${journal}; ${cpu}, ${cores} cores, ` +
    `${memoryGiB} GiB; ${disk}; ${system}.`
  )
}

function measured({ date, commit, events, runs, large }: GroupResult): string {
  const size = `${big(events)} events${large ? ' and with the large sizes' : ''}`
  return `Measured ${date}${commit === null ? '' : ` at ${commit}`}: ${size}, ${runs === 1 ? 'one run' : `median of ${runs} runs`}`
}

/** The block of one group. */
function groupBlock(group: Group, result: GroupResult, general: string): string {
  const own = conditions(result)
  const plots = (group.plots ?? []).map(({ name, alt }) => `![${alt}](performance/${name}.svg)`)
  const wanted = result.wanted.map((judged) => `- ${sentenceOf(group, result, judged)}`)
  return [
    group.about,
    asMarkdown(tableOf(group, result)),
    ...plots,
    ...(wanted.length === 0 ? [] : [wanted.join('\n')]),
    `${measured(result)}${own === general ? '' : `; ${own.slice(0, -1)}`}.`,
  ].join('\n\n')
}

/** The page on performance with everything that was measured written anew; what stands between the blocks is kept. */
export function withFigures(page: string, groups: readonly Group[], results: Results): string {
  const newest = results.groups.toSorted((a, b) => a.date.localeCompare(b.date)).at(-1)
  if (newest === undefined) throw new Error('There are no results to write')
  const general = conditions(newest)
  let text = withBlock(page, 'conditions', general)
  text = withBlock(text, 'summary', summaryTable(groups, results))
  for (const result of results.groups) {
    const group = groups.find(({ name }) => name === result.name)
    if (group !== undefined) text = withBlock(text, result.name, groupBlock(group, result, general))
  }
  return text
}
