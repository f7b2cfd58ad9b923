// npm run test:faults -- …     see `usage`
import { type Options, optionsOf, usage } from './cli/options.ts'
import { paint, printTable, type SuiteResult } from './cli/print.ts'
import { runSuite } from './cli/run.ts'
import { fingerprintOfSources } from './cli/sources.ts'
import { writeReport } from './report/index.ts'
import { hasPassed, type Suite } from './suite.ts'
import { suites } from './suites.ts'

function list(): void {
  for (const { name, description, seeds } of suites) {
    console.log(`${name.padEnd(14)} ${description} (quick ${seeds.quick}, full ${seeds.full} seeds)`)
  }
}

/** @returns whether nothing was found, and all that was to be tried was tried */
async function run(chosen: readonly Suite[], { seeds, size, first, parallel, report }: Options): Promise<boolean> {
  const sources = fingerprintOfSources()
  const results: SuiteResult[] = []
  for (const suite of chosen) {
    results.push(await runSuite(suite, first, seeds ?? suite.seeds[size], parallel))
  }
  printTable(results)
  const isOfOneVersion = fingerprintOfSources() === sources
  if (!isOfOneVersion) {
    console.log(`\n${paint('red', 'The sources were changed during the run: what it says is of no version of them.')}`)
  } else if (report) {
    const names = suites.map(({ name }) => name)
    console.log(`\nwrote ${writeReport(results, first, names).join(', ')}`)
  }
  const all = results.flatMap(({ results }) => results)
  const passed = all.filter(hasPassed).length
  const failed = results.reduce((sum, { missing }) => sum + missing.length, all.length - passed)
  console.log(`\n${passed} passed, ${failed} failed`)
  return failed === 0 && isOfOneVersion
}

async function main(options: Options): Promise<number> {
  if (options.list) {
    list()
    return 0
  }
  const chosen = options.only.length === 0 ? suites : suites.filter(({ name }) => options.only.includes(name))
  return (await run(chosen, options)) ? 0 : 1
}

const options = optionsOf(
  process.argv.slice(2),
  suites.map(({ name }) => name),
)
if ('wrong' in options) console.error(`${options.wrong}\n\n${usage}`)
process.exitCode = 'wrong' in options ? 2 : await main(options)
