import type { LogRecord } from 'millrace/engine'
import { command } from '../command.ts'
import { eventData, recordData } from '../events.ts'
import { exit } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { time } from '../output/format.ts'
import { printable, shorten } from '../output/text.ts'
import { operate } from '../store.ts'
import { place, wholeNumber } from '../values.ts'

export const tail = command({
  name: 'tail',
  summary: 'Show the events of topics as they come, until Ctrl-C',
  args: ['[PATTERN…]'],
  options: {
    from: {
      describe: 'beginning, now (the default), a position, a time, or a span (15m: so long ago)',
      value: 'PLACE',
    },
    limit: { describe: 'End after so many events', value: 'COUNT', short: 'n' },
    'no-follow': { describe: 'End with the newest event there is now' },
  },
  details: [
    'In a pattern * is one level of a topic and ** any number of levels; without a pattern all topics are shown. With --json each event is a line of JSON.',
  ],
  examples: ["millrace tail 'shop.order.**'", 'millrace tail --from 1h --no-follow --json'],
  run: (call) =>
    operate(call, async (operator) => {
      const { io, json, options } = call
      const { interrupted } = io
      const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--limit', options.limit, 1)
      const events = operator.tail(call.args.length === 0 ? ['**'] : call.args, {
        from: options.from === undefined ? 'now' : place('--from', options.from, Date.now()),
        live: options['no-follow'] === undefined,
        signal: interrupted,
      })
      let shown = 0
      for await (const record of events) {
        await io.out(`${json ? JSON.stringify(recordData(record)) : lineOf(record, io)}\n`)
        if (++shown >= limit) break
      }
      return exit.ok
    }),
})

/** When, where in the log, what, for which key, and the data as far as it fits. */
function lineOf({ position, appendedMs, event }: LogRecord, { width, paint }: Io): string {
  const { topic, type } = event.header
  const { data } = eventData(event) as { readonly data?: unknown }
  const named = topic === type ? type : `${topic} ${type}`
  const key = event.key === null ? '' : `${printable(event.key)}  `
  const head = `${time(appendedMs)}  ${position}  ${named}  ${key}`
  const text = printable(JSON.stringify(data) ?? '')
  const shown = width === undefined ? text : shorten(text, Math.max(width - head.length, 20))
  return `${paint.dim(time(appendedMs))}  ${position}  ${paint.cyan(named)}  ${paint.bold(key)}${paint.dim(shown)}`
}
