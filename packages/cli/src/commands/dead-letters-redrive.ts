import { command } from '../command.ts'
import { meant } from '../deliveries.ts'
import { counted } from '../output/format.ts'
import { reply } from '../reply.ts'
import { operate } from '../store.ts'

export const deadLettersRedrive = command({
  name: 'dead-letters redrive',
  summary: 'Handle dead letters again, in order for each key, with their attempts counted anew',
  args: ['SUBSCRIPTION', '[POSITION…]'],
  options: { all: { describe: 'All dead letters of the subscription' } },
  examples: ['millrace dead-letters redrive payments 1234', 'millrace dead-letters redrive payments --all'],
  run: (call) =>
    operate(call, async (operator) => {
      const [subscription = '', ...texts] = call.args
      const redriven = await operator.deadLetters.redrive(subscription, meant(texts, call.options.all))
      return reply(
        call,
        { subscription, redriven },
        () => `${counted(redriven, 'dead letter')} of '${subscription}' will be handled again.`,
      )
    }),
})
