import { command } from '../command.ts'
import { deliveryColumns, listing, listingOptions } from '../deliveries.ts'
import { deliveryData } from '../events.ts'
import { replyRows } from '../reply.ts'
import { operate } from '../store.ts'

export const deadLettersList = command({
  name: 'dead-letters list',
  summary: 'List the deliveries that were given up, of one subscription or of all',
  args: ['[SUBSCRIPTION]'],
  options: listingOptions,
  run: (call) =>
    operate(call, async (operator) => {
      const found = await operator.deadLetters.list(listing(call.args, call.options))
      const columns = deliveryColumns('dead', Date.now(), call.io.paint)
      return replyRows(call, found, columns, 'There are no dead letters.', deliveryData)
    }),
})
