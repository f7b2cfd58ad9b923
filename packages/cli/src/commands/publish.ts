import type { Message, Published } from 'millrace'
import { command } from '../command.ts'
import { wrongUsage } from '../errors.ts'
import { exit } from '../exit-codes.ts'
import { jsonOf, readable, sourceOf } from '../input.ts'
import { counted, duration, time } from '../output/format.ts'
import { Progress } from '../output/progress.ts'
import { publishLines, type Totals } from '../publish-lines.ts'
import { type Publishing, publishingOfApplication, publishingOfStore } from '../publishing.ts'
import { reply } from '../reply.ts'
import { pointInTime, wholeNumber } from '../values.ts'

export const publish = command({
  name: 'publish',
  summary: 'Publish an event or send a command: one, or one for each line of a file or of standard input',
  args: ['TYPE', '[JSON]'],
  options: {
    file: {
      describe: 'Publish each line of a file of NDJSON as the data of one event; - is standard input',
      value: 'FILE',
      short: 'f',
    },
    app: {
      describe: 'Publish with the contracts, to the store, of this application file; its services are not started',
      value: 'FILE',
    },
    id: { describe: 'The id of the event: publishing the same id again is a duplicate', value: 'ID' },
    key: { describe: 'The key: events of one key keep their order', value: 'KEY' },
    'id-field': { describe: 'Where in the data of each line its id is, as in order.id', value: 'PATH' },
    'key-field': { describe: 'Where in the data its key is', value: 'PATH' },
    at: { describe: 'Publish it at this time, or after a span such as 15m', value: 'TIME' },
    source: { describe: "The CloudEvents source; default /millrace/cli, or the application's own", value: 'URI' },
    'skip-lines': { describe: 'Leave out so many lines at the beginning', value: 'COUNT' },
  },
  details: [
    "Data is validated where it is published: with --app by the application's own contract, which finds the key and the expiry, too; without it by the JSON Schema of the contract that the store's registry has, and then the key is --key or --key-field, or there is none.",
    'Lines are published in units of up to 1,000, each whole or not at all, in the order of the file. A line that is wrong ends it: all lines before it are published and none after it. Go on with --skip-lines; or give each event an id with --id-field, so that publishing the file again adds only what is missing.',
  ],
  examples: [
    `millrace publish shop.order.requested '{"orderId":"o-1","total":4497}' --key o-1`,
    'millrace publish shop.order.requested --file orders.ndjson --app shop.ts --id-field orderId',
    'gunzip -c orders.ndjson.gz | millrace publish shop.order.requested - --key-field orderId',
  ],
  run: async (call) => {
    const { io, options } = call
    const [type = '', text] = call.args
    const source = sourceOf(io, text, options.file)
    const at = options.at === undefined ? undefined : pointInTime('--at', options.at, Date.now(), 'after')
    if (options.app !== undefined && options.source !== undefined)
      throw wrongUsage("with --app the source is the application's own")
    if (options.app !== undefined && call.store !== undefined)
      throw wrongUsage("with --app the store is the application's own")
    const fields = { id: options['id-field'], key: options['key-field'] }
    const common = { ...(options.key === undefined ? {} : { key: options.key }), ...(at === undefined ? {} : { at }) }
    if (source.kind === 'stream' && options.id !== undefined) throw wrongUsage('--id is for one event; use --id-field')
    if (source.kind === 'text' && (fields.id ?? fields.key ?? options['skip-lines']) !== undefined) {
      throw wrongUsage('--id-field, --key-field and --skip-lines are for files and standard input')
    }
    const skipLines = options['skip-lines'] === undefined ? 0 : wholeNumber('--skip-lines', options['skip-lines'])
    const data = source.kind === 'text' ? await jsonOf(source) : undefined
    const publishing =
      options.app === undefined
        ? await publishingOfStore(call, type, options.source ?? '/millrace/cli')
        : await publishingOfApplication(options.app, type)
    try {
      if (source.kind === 'text') {
        const published = await publishOne(publishing, data, {
          ...common,
          ...(options.id === undefined ? {} : { id: options.id }),
        })
        return await reply(call, { type, ...published, at: at?.toISOString() ?? null }, () =>
          oneText(type, published, at),
        )
      }
      const { interrupted } = io
      const progress = new Progress(io)
      const chunks = readable(source.name, source.stream, interrupted)
      const totals = await publishLines(publishing, chunks, source.name, {
        common,
        fields,
        skipLines,
        signal: interrupted,
        onProgress: (totals) => progress.show(() => progressText(totals)),
        onFailure: ({ lastLine }) => {
          progress.clear()
          io.err(upTo(lastLine))
        },
      }).finally(() => progress.clear())
      await reply(call, { type, ...totals }, () => manyText(type, totals))
      if (!totals.interrupted) return exit.ok
      io.err(`Interrupted. ${upTo(totals.lastLine)}`)
      return exit.interrupted
    } finally {
      await publishing.application.stop()
    }
  },
})

async function publishOne(
  { application, contract }: Publishing,
  data: unknown,
  options: Message['options'],
): Promise<Published> {
  const [published] = await application.publishAll([{ contract, data, options }])
  return published!
}

function oneText(type: string, { id, position, duplicate }: Published, at: Date | undefined): string {
  if (at !== undefined) return `${type} is to be published at ${time(at.getTime())}, id ${id}`
  return duplicate
    ? `${type} with the id ${id} is there already, at position ${position}`
    : `${type} at position ${position}, id ${id}`
}

const upTo = (line: number): string =>
  line === 0
    ? 'Nothing is published.\n'
    : `All lines up to line ${line} are published; go on with --skip-lines ${line}\n`

const rateOf = ({ published, ms }: Totals): string =>
  `${counted(Math.round((published * 1_000) / Math.max(ms, 1)), 'event')}/s`

const progressText = (totals: Totals): string => `Published ${counted(totals.published, 'event')}, ${rateOf(totals)}`

function manyText(type: string, totals: Totals): string {
  const { published, duplicates, firstPosition, lastPosition, ms } = totals
  const where = firstPosition === null ? '' : `, positions ${firstPosition} to ${lastPosition}`
  const again = duplicates === 0 ? '' : `, and ${counted(duplicates, 'duplicate')} left out`
  return `${type}: ${counted(published, 'event')} published in ${duration(ms)} (${rateOf(totals)})${where}${again}`
}
