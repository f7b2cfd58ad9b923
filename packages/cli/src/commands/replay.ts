import { command } from '../command.ts'
import { wrongUsage } from '../errors.ts'
import { counted } from '../output/format.ts'
import { reply } from '../reply.ts'
import { operate } from '../store.ts'
import { pointInTime, wholeNumber } from '../values.ts'

export const replay = command({
  name: 'replay',
  summary: 'Deliver a part of the log to one subscription once more; its cursor and all others stay where they are',
  args: ['SUBSCRIPTION'],
  options: {
    after: { describe: 'Events after this position', value: 'POSITION' },
    through: { describe: 'Events up to and including this position', value: 'POSITION' },
    from: { describe: 'Events of this time (or so long ago: 15m) and later', value: 'TIME' },
    until: { describe: 'Events before this time', value: 'TIME' },
  },
  details: ['Only events that it has settled are delivered again; the others come in any case.'],
  examples: [
    'millrace replay mails --from 2026-04-05T08:00:00Z --until 2026-04-05T09:00:00Z',
    'millrace replay mails --after 1200 --through 1300',
  ],
  run: (call) =>
    operate(call, async (operator) => {
      const [subscription = ''] = call.args
      const { after, through, from, until } = call.options
      if (Object.keys(call.options).length === 0)
        throw wrongUsage('say what is to be replayed: --after, --through, --from, --until')
      const now = Date.now()
      const replayed = await operator.replay(subscription, {
        ...(after === undefined ? {} : { after: wholeNumber('--after', after) }),
        ...(through === undefined ? {} : { through: wholeNumber('--through', through) }),
        ...(from === undefined ? {} : { from: pointInTime('--from', from, now, 'before') }),
        ...(until === undefined ? {} : { until: pointInTime('--until', until, now, 'before') }),
      })
      const { events } = replayed
      return reply(call, { subscription, ...replayed }, () =>
        events === 0
          ? `There is nothing in that part of the log for '${subscription}'.`
          : `'${subscription}' gets ${counted(events, 'event')} once more, up to position ${replayed.through}.`,
      )
    }),
})
