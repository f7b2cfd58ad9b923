import { command } from '../command.ts'
import { deliveryColumns, listing, listingOptions } from '../deliveries.ts'
import { deliveryData } from '../events.ts'
import { replyRows } from '../reply.ts'
import { operate } from '../store.ts'

export const parkedList = command({
  name: 'parked list',
  summary: 'List the deliveries that wait for a retry, for an operator, or behind another of their key',
  args: ['[SUBSCRIPTION]'],
  options: listingOptions,
  run: (call) =>
    operate(call, async (operator) => {
      const found = await operator.parked.list(listing(call.args, call.options))
      const columns = deliveryColumns('pending', Date.now(), call.io.paint)
      return replyRows(call, found, columns, 'Nothing is parked.', deliveryData)
    }),
})
