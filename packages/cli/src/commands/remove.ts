import { command } from '../command.ts'
import { exit } from '../exit-codes.ts'
import { confirmed, reply } from '../reply.ts'
import { operate } from '../store.ts'

export const remove = command({
  name: 'remove',
  summary: 'Forget a subscription that no application runs any more, and all that is kept for it',
  args: ['SUBSCRIPTION'],
  options: { yes: { describe: 'Do not ask', short: 'y' } },
  details: [
    'Its dead letters go with it. Events that only it held in the log can then be deleted by retention. Fails while an application runs it, and up to its lease (10 seconds) after that was killed.',
  ],
  run: (call) =>
    operate(call, async (operator) => {
      const [subscription = ''] = call.args
      const question = `Forget '${subscription}', its place in the log and its dead letters?`
      if (!(await confirmed(call, call.options.yes, question))) return exit.failed
      await operator.remove(subscription)
      return reply(call, { subscription, removed: true }, () => `'${subscription}' is removed.`)
    }),
})
