import { command } from '../command.ts'
import { counted } from '../output/format.ts'
import { reply } from '../reply.ts'
import { operate } from '../store.ts'

export const timersCancel = command({
  name: 'timers cancel',
  summary: 'Cancel messages that are to be published later',
  args: ['ID…'],
  run: (call) =>
    operate(call, async (operator) => {
      for (const id of call.args) await operator.timers.cancel(id)
      return reply(call, { cancelled: call.args }, () => `${counted(call.args.length, 'timer')} cancelled.`)
    }),
})
