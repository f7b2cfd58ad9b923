import { command } from '../command.ts'
import { jsonOf, sourceOf } from '../input.ts'
import { reply } from '../reply.ts'
import { operate } from '../store.ts'
import { wholeNumber } from '../values.ts'

export const deadLettersEdit = command({
  name: 'dead-letters edit',
  summary: "Replace the data of a dead letter, to redrive it mended; the log keeps the event's own",
  args: ['SUBSCRIPTION', 'POSITION', '[JSON]'],
  options: {
    file: { describe: 'Read the data from a file; - is standard input', value: 'FILE', short: 'f' },
    redrive: { describe: 'Handle it again right away' },
  },
  details: ['The new data is validated like any other when it is handled.'],
  examples: [`millrace dead-letters edit payments 1234 '{"orderId":"o-1","total":4497}' --redrive`],
  run: (call) =>
    operate(call, async (operator) => {
      const [subscription = '', text = '', argument] = call.args
      const position = wholeNumber('POSITION', text, 1)
      const data = await jsonOf(sourceOf(call.io, argument, call.options.file))
      await operator.deadLetters.edit(subscription, position, data)
      const redriven = call.options.redrive ? await operator.deadLetters.redrive(subscription, [position]) : 0
      const then = redriven === 0 ? 'redrive it to have it handled' : 'it is handled again'
      return reply(
        call,
        { subscription, position, edited: true, redriven },
        () => `Position ${position} of '${subscription}' has its new data; ${then}.`,
      )
    }),
})
