import { command } from '../command.ts'
import { meant } from '../deliveries.ts'
import { exit } from '../exit-codes.ts'
import { counted } from '../output/format.ts'
import { confirmed, reply } from '../reply.ts'
import { operate } from '../store.ts'

export const deadLettersDiscard = command({
  name: 'dead-letters discard',
  summary: 'Give dead letters up for good; they are counted as discarded',
  args: ['SUBSCRIPTION', '[POSITION…]'],
  options: { all: { describe: 'All dead letters of the subscription' }, yes: { describe: 'Do not ask', short: 'y' } },
  run: (call) =>
    operate(call, async (operator) => {
      const [subscription = '', ...texts] = call.args
      const positions = meant(texts, call.options.all)
      const which = positions === 'all' ? 'all dead letters' : counted(positions.length, 'dead letter')
      if (!(await confirmed(call, call.options.yes, `Discard ${which} of '${subscription}'?`))) return exit.failed
      const discarded = await operator.deadLetters.discard(subscription, positions)
      return reply(
        call,
        { subscription, discarded },
        () => `${counted(discarded, 'dead letter')} of '${subscription}' discarded.`,
      )
    }),
})
