// Millrace beside its peers: npm run bench:peers [-- --only nats,millrace --events N --runs R --json FILE --report]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { enginesFolder } from 'millrace-servers'
import { commitOf, machineOf } from './machine.ts'
import { measureAll } from './measure-all.ts'
import { peerNames } from './peers/index.ts'
import { reportPage } from './report.ts'
import { ours, type Result } from './result.ts'
import { asText, figuresTable, ratiosTable } from './table.ts'
import { variantsOf } from './variants.ts'

const usage = `npm run bench:peers [-- OPTIONS]

  --only NAMES   some peers alone, with commas: ${peerNames.join(', ')}
  --events N     events of a throughput measurement (100,000)
  --idle N       events of a latency measurement, one every 5 ms (1,000)
  --runs R       runs of each measurement, by turns (3)
  --seconds S    the most that one measurement may take; what was done by then counts (10)
  --json FILE    writes everything that was found
  --report       writes docs/peers.md`

const root = resolve(import.meta.dirname, '../../..')
const say = (text: string): void => void process.stderr.write(`${text}\n`)

interface Options {
  readonly names: readonly string[]
  readonly events: number
  readonly idleEvents: number
  readonly runs: number
  readonly maxMs: number
  readonly json: string | undefined
  readonly report: boolean
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} takes a whole number from 1 on, not '${text}'`)
  return value
}

function optionsOf(): Options | undefined {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: peerNames.join(',') },
      events: { type: 'string', default: '100000' },
      idle: { type: 'string', default: '1000' },
      runs: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '10' },
      json: { type: 'string' },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  return {
    names: values.only.split(',').map((name) => name.trim()),
    events: count('events', values.events),
    idleEvents: count('idle', values.idle),
    runs: count('runs', values.runs),
    maxMs: count('seconds', values.seconds) * 1_000,
    json: values.json,
    report: values.report,
  }
}

async function measured({ names, events, idleEvents, runs, maxMs }: Options): Promise<Result> {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(enginesFolder(), 'bench-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const interrupted = (): void => {
    say('interrupted: ending the servers …')
    void stack.disposeAsync().finally(() => process.exit(130))
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  const machine = machineOf(folder)
  if (machine.fileSystem.startsWith('tmpfs')) {
    say(`${folder} is in memory, where a sync costs nothing: set MILLRACE_ENGINES_DIR to a folder on a disk`)
  }
  const { variants, skipped } = await variantsOf(names, stack, say)
  const amount = { events, maxMs, idleEvents }
  const rows = await measureAll(variants, { amount, runs, folder, say })
  return { date: new Date().toISOString(), commit: commitOf(), machine, events, idleEvents, runs, maxMs, rows, skipped }
}

function print(result: Result): void {
  const groups = [
    ['publishSingle', 'publishBatch', 'handle'],
    ['idlePublish', 'idleHandle'],
    ['append1', 'append100'],
  ] as const
  for (const names of groups) console.log(`\n${asText(figuresTable(result, names))}`)
  if (result.rows.some(({ peer }) => peer !== ours)) console.log(`\n${asText(ratiosTable(result))}`)
  for (const { peer, setting, why } of result.skipped) console.log(`\nskipped: ${peer}, ${setting}: ${why}`)
}

async function main(): Promise<void> {
  const options = optionsOf()
  if (options === undefined) return console.log(usage)
  const result = await measured(options)
  print(result)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`)
  if (options.report) {
    const page = join(root, 'docs/peers.md')
    writeFileSync(page, reportPage(result))
    say(`wrote ${page}`)
  }
  if (result.rows.some(({ failures }) => Object.keys(failures).length > 0)) process.exitCode = 1
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
})
