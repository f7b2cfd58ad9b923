import { command } from '../command.ts'
import { meant } from '../deliveries.ts'
import { counted } from '../output/format.ts'
import { reply } from '../reply.ts'
import { operate } from '../store.ts'

export const parkedRelease = command({
  name: 'parked release',
  summary: 'Handle parked deliveries now, without waiting for their time',
  args: ['SUBSCRIPTION', '[POSITION…]'],
  options: { all: { describe: 'All that is parked for the subscription' } },
  details: ['What waits behind another delivery of its key goes on waiting for that one.'],
  run: (call) =>
    operate(call, async (operator) => {
      const [subscription = '', ...texts] = call.args
      const released = await operator.parked.release(subscription, meant(texts, call.options.all))
      return reply(
        call,
        { subscription, released },
        () => `${counted(released, 'delivery', 'deliveries')} of '${subscription}' due now.`,
      )
    }),
})
