import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

export interface ShopOptions {
  readonly data: string
  readonly store: string
  readonly fresh: boolean
  readonly seed: number
  /** Ledger entries a second. */
  readonly rate: number
  readonly plain: boolean
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const home = resolve(import.meta.dirname, '..')
const sample = join(home, 'data', 'orders-sample.ndjson.gz')
/** npm runs scripts in the folder of their package; paths are meant from where npm was called. */
const startFolder = process.env.INIT_CWD ?? process.cwd()

export const help = `The Millrace shop: services that know only events, run on real orders.

  npm start                                 the sample that comes with the example
  npm start -- --data orders.ndjson.gz      another ledger (NDJSON, gzip if it ends in .gz)

  --data PATH     the sales ledger to work through
  --store PATH    the file that keeps everything (default: examples/shop/.data/<name of the ledger>.db)
  --fresh         begin anew: delete that file first
  --rate N        ledger entries a second; 0: as fast as it goes (default: 200 for the sample, else 0)
  --seed N        decides which payments and e-mails fail at first (default: 1)
  --plain         plain lines, also on a terminal
  --help          this text

Kill it at any moment and start it again: it carries on.`

/** @returns 'help' when that is asked for. @throws UsageError */
export function optionsOf(args: readonly string[]): ShopOptions | 'help' {
  const values = parse(args)
  if (values.help === true) return 'help'
  const data = values.data === undefined ? sample : resolve(startFolder, values.data)
  const name = basename(data).replace(/(\.ndjson)?(\.gz)?$/, '')
  const rate = wholeNumber('rate', values.rate ?? (values.data === undefined ? '200' : '0'))
  return {
    data,
    store: values.store === undefined ? join(home, '.data', `${name}.db`) : resolve(startFolder, values.store),
    fresh: values.fresh ?? false,
    seed: wholeNumber('seed', values.seed ?? '1'),
    rate: rate === 0 ? Number.POSITIVE_INFINITY : rate,
    plain: values.plain ?? false,
  }
}

function parse(args: readonly string[]) {
  const path = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = { data: path, store: path, fresh: flag, rate: path, seed: path, plain: flag, help: flag }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`--${option} takes a whole number from 0 on, not '${text}'`)
}
