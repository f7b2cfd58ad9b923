import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import type { Settings, Synchronous } from './measurement.ts'

export const usage = `npm run bench -- [options]

  --only NAME,…      these groups or measurements alone, such as publish or publish.batches
  --events N         the base size (default 200,000); some measurements take a multiple of it
  --runs R           how often each is measured, by turns (default 3); the median counts
  --quick            20,000 events and one run: to see that all of it works
  --large            adds what takes 10,000,000 events
  --synchronous M    full (default) or normal: whether a commit is synced before it is acknowledged
  --folder DIR       where the stores are made (default: the folder of temporary files)
  --json FILE        writes the results as JSON; '-' is the standard output, in place of the tables
  --report           writes docs/performance.md, its plots and the table of the README
  --from FILE        measures nothing: takes the results from a file that --json wrote
  --list             names the groups and measurements`

export interface Options extends Settings {
  readonly only: readonly string[]
  readonly runs: number
  readonly folder: string
  readonly json: string | undefined
  readonly report: boolean
  readonly from: string | undefined
  readonly list: boolean
  readonly help: boolean
}

const quickEvents = 20_000
const smallestEvents = 1_000

/** @throws Error that says which option is wrong, and how it is meant */
export function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      events: { type: 'string' },
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      large: { type: 'boolean', default: false },
      synchronous: { type: 'string', default: 'full' },
      folder: { type: 'string', default: tmpdir() },
      json: { type: 'string' },
      report: { type: 'boolean', default: false },
      from: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const events = wholeNumber('events', values.events ?? String(values.quick ? quickEvents : 200_000))
  return {
    only: values.only.split(',').filter((name) => name !== ''),
    // A multiple of the number of events in a transaction.
    events: Math.max(smallestEvents, Math.round(events / smallestEvents) * smallestEvents),
    runs: wholeNumber('runs', values.runs ?? (values.quick ? '1' : '3')),
    large: values.large,
    synchronous: synchronousOf(values.synchronous),
    folder: values.folder,
    json: values.json,
    report: values.report,
    from: values.from,
    list: values.list,
    help: values.help,
  }
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text.replaceAll(/[_,]/g, ''))
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${option} is a whole number from 1 on, not '${text}'`)
  return value
}

function synchronousOf(text: string): Synchronous {
  if (text === 'full' || text === 'normal') return text
  throw new Error(`--synchronous is full or normal, not '${text}'`)
}
