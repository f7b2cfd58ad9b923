import { command } from '../command.ts'
import { reply } from '../reply.ts'
import { operate } from '../store.ts'

export const pause = command({
  name: 'pause',
  summary: 'Hold all deliveries of a subscription until it is resumed',
  args: ['SUBSCRIPTION'],
  options: { reason: { describe: 'Why, for whoever looks at it later', value: 'TEXT' } },
  examples: ["millrace pause payments --reason 'the bank is down'"],
  run: (call) =>
    operate(call, async (operator) => {
      const [subscription = ''] = call.args
      const reason = call.options.reason ?? 'by an operator'
      await operator.pause(subscription, reason)
      return reply(call, { subscription, paused: reason }, () => `'${subscription}' is paused.`)
    }),
})
