import { command } from '../command.ts'
import { reply } from '../reply.ts'
import { operate } from '../store.ts'

export const resume = command({
  name: 'resume',
  summary: 'Let a paused subscription go on',
  args: ['SUBSCRIPTION'],
  run: (call) =>
    operate(call, async (operator) => {
      const [subscription = ''] = call.args
      await operator.resume(subscription)
      return reply(call, { subscription, paused: null }, () => `'${subscription}' goes on.`)
    }),
})
