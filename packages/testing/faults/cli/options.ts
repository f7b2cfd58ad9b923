import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface Options {
  /** How many seeds of each; undefined: as many as each has for a quick or a full run. */
  readonly seeds: number | undefined
  /** The first seed; the others follow it. */
  readonly first: number
  readonly only: readonly string[]
  readonly size: 'quick' | 'full'
  /** How many seeds run beside each other. */
  readonly parallel: number
  /** Writes the page with the evidence and the table of the README. */
  readonly report: boolean
  readonly list: boolean
}

export const usage = `npm run test:faults -- [options]
  --seeds N       so many seeds of each fault
  --quick         a short selection, fresh each time (default)
  --full          as many seeds as the evidence has
  --only NAME,…   these faults only; --list names them
  --first SEED    begins with this seed, to repeat a run; default: a random one
  --parallel N    so many seeds beside each other; default: the number of processors
  --report        writes docs/evidence.md and the table of README.md
  --list          lists the faults`

/** What the command line asks for, or what is wrong with it. */
export function optionsOf(args: readonly string[], names: readonly string[]): Options | { readonly wrong: string } {
  try {
    return parse(args, names)
  } catch (error) {
    return { wrong: (error as Error).message }
  }
}

/** @throws Error with a message for whoever typed it */
function parse(args: readonly string[], names: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      first: { type: 'string' },
      parallel: { type: 'string' },
      report: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  })
  if (values.quick && values.full) throw new Error('--quick and --full exclude each other')
  const only = values.only.flatMap((list) => list.split(','))
  const unknown = only.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`there is no fault '${unknown}'; there are ${names.join(', ')}`)
  return {
    seeds: numberOf('--seeds', values.seeds, 1),
    first: numberOf('--first', values.first, 0) ?? Math.floor(Math.random() * 1_000_000_000),
    only,
    size: values.full ? 'full' : 'quick',
    parallel: numberOf('--parallel', values.parallel, 1) ?? availableParallelism(),
    report: values.report,
    list: values.list,
  }
}

function numberOf(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`${option} takes a whole number from ${least} on, not '${text}'`)
}
