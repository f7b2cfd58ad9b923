import { command } from '../command.ts'
import { timerData } from '../events.ts'
import { relative, time } from '../output/format.ts'
import { printable } from '../output/text.ts'
import { replyRows } from '../reply.ts'
import { operate } from '../store.ts'
import { wholeNumber } from '../values.ts'

export const timersList = command({
  name: 'timers list',
  summary: 'List the messages that are to be published later, in the order they are due',
  options: { limit: { describe: 'At most so many; default 100', value: 'COUNT' } },
  run: (call) =>
    operate(call, async (operator) => {
      const { limit } = call.options
      const found = await operator.timers.list(limit === undefined ? {} : { limit: wholeNumber('--limit', limit, 1) })
      const now = Date.now()
      return replyRows(
        call,
        found,
        [
          { title: 'ID', value: ({ id }) => printable(id) },
          { title: 'DUE', value: ({ dueMs }) => time(dueMs) },
          { title: '', value: ({ dueMs }) => relative(dueMs, now), style: call.io.paint.dim },
          { title: 'TYPE', value: ({ event }) => event.header.type, flexible: true },
          { title: 'KEY', value: ({ event }) => printable(event.key ?? ''), flexible: true, optional: true },
        ],
        'No timer is set.',
        timerData,
      )
    }),
})
