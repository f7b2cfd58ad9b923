import { readFileSync, writeFileSync } from 'node:fs'
import type { Measurement } from './measurement.ts'
import { type Options, optionsOf, usage } from './options.ts'
import { groups } from './registry.ts'
import { asText, sentenceOf, tableOf } from './report/table.ts'
import { asJson, writeReport } from './report/write.ts'
import { noDiskUnder, othersAtWork } from './run/machine.ts'
import type { GroupResult, Results } from './run/result.ts'
import { type Chosen, runGroup } from './run/run.ts'

/** The groups and measurements that `--only` names, with the raw limits that they are compared with. */
function choose(options: Options): readonly Chosen[] {
  const { only } = options
  const all = groups.map((group) => ({ group, measurements: group.measurements(options) }))
  const known = all.flatMap(({ group, measurements }) => [
    group.name,
    ...measurements.map(({ name }) => `${group.name}.${name}`),
  ])
  const unknown = only.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`There is no figure '${unknown}'; there are: ${known.join(', ')}`)
  if (only.length === 0) return all
  return all.flatMap(({ group, measurements }) => {
    const isNamed = ({ name }: Measurement): boolean =>
      only.includes(group.name) || only.includes(`${group.name}.${name}`)
    const limits = new Set(measurements.filter(isNamed).map(({ against }) => against))
    const chosen = measurements.filter((each) => isNamed(each) || limits.has(each.name))
    return chosen.length === 0 ? [] : [{ group, measurements: chosen }]
  })
}

function list(chosen: readonly Chosen[]): string {
  const lines = chosen.flatMap(({ group, measurements }) => [
    `${group.name}: ${group.title}`,
    ...measurements.map(({ name, title }) => `  ${group.name}.${name}: ${title.replaceAll('`', '')}`),
  ])
  return lines.join('\n')
}

function show(result: GroupResult): string {
  const group = groups.find(({ name }) => name === result.name)
  if (group === undefined) throw new Error(`There is no group '${result.name}' any more: measure again`)
  const { events, runs, synchronous, journal, machine } = result
  return [
    `${result.title}`,
    `${events.toLocaleString('en')} events, ${runs === 1 ? 'one run' : `median of ${runs} runs`}; synchronous=${synchronous.toUpperCase()}, ` +
      `${journal}, ${machine.disk}; Node.js ${machine.node}, SQLite ${machine.sqlite}; ${machine.cores} cores, ${machine.cpu}`,
    asText(tableOf(group, result)),
    ...result.wanted.map((judged) => sentenceOf(group, result, judged).replaceAll('`', '')),
    '',
  ].join('\n')
}

const read = (file: string): Results => JSON.parse(readFileSync(file, 'utf8')) as Results

interface Told {
  readonly say: (text: string) => void
  /** A measurement did not come to its end. */
  readonly failed: (text: string) => void
  /** Called after each group, as a long run may be interrupted. */
  readonly measured: (results: Results) => void
}

async function measure(chosen: readonly Chosen[], options: Options, told: Told): Promise<Results> {
  for (const warning of [noDiskUnder(options.folder), othersAtWork()]) {
    if (warning !== undefined) told.say(`warning: ${warning}`)
  }
  let results: Results = { format: 1, groups: [] }
  for (const [index, each] of chosen.entries()) {
    told.say(`${each.group.title} (${index + 1} of ${chosen.length})`)
    const result = await runGroup(each, options, told.say, told.failed)
    results = { format: 1, groups: [...results.groups, result] }
    if (options.json !== '-') console.log(show(result))
    told.measured(results)
  }
  return results
}

/** A page that shows a part of a group would hide the rest of it. */
function assertWhole(chosen: readonly Chosen[], options: Options): void {
  const part = chosen.find(({ group, measurements }) => measurements.length < group.measurements(options).length)
  if (part === undefined) return
  throw new Error(`--report writes whole groups: take --only ${part.group.name}, not some measurements of it`)
}

async function main(): Promise<void> {
  const options = optionsOf(process.argv.slice(2))
  if (options.help) return console.log(usage)
  const chosen = choose(options)
  if (options.list) return console.log(list(chosen))
  if (options.report) assertWhole(chosen, options)
  const { json, from } = options
  const failures: string[] = []
  const began = performance.now()
  const say = (text: string): void => void process.stderr.write(`[${elapsed(performance.now() - began)}] ${text}\n`)
  const measured = (results: Results): void => {
    if (json !== undefined && json !== '-') writeFileSync(json, `${asJson(results)}\n`)
  }
  const failed = (text: string): void => {
    failures.push(text)
    say(`FAILED ${text}`)
  }
  const results = from === undefined ? await measure(chosen, options, { say, failed, measured }) : read(from)
  if (json === '-') console.log(asJson(results))
  if (failures.length > 0)
    throw new Error([`These failed${options.report ? ', and no page was written' : ''}:`, ...failures].join('\n'))
  if (options.report) for (const path of await writeReport(results)) console.error(`wrote ${path}`)
}

function elapsed(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
