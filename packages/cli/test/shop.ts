import { defineCommand, defineEvent, defineQuery, fixed, millrace, service } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { z } from 'zod'

export const OrderRequested = defineEvent('shop.order.requested', {
  schema: z.object({ orderId: z.string(), total: z.int(), email: z.email().optional() }),
  key: (order) => order.orderId,
})
const Charge = defineCommand('shop.charge', { schema: z.object({ amount: z.int() }) })
const Balance = defineQuery('shop.balance', { schema: z.object({}), reply: z.int() })

/** Gives up at once what has a total below zero. */
const payments = service('payments')
  .on(
    OrderRequested,
    ({ data }) => {
      if (data.total < 0) throw new RangeError(`a total of ${data.total} cannot be charged`)
    },
    { retry: fixed({ attempts: 2, delayMs: 1 }) },
  )
  .handle(Charge, () => {})
  .answer(Balance, () => 0)

const mails = service('mails').on('shop.**', () => {})

/** The application that the tests operate, with its store where SHOP_STORE says. */
const shop = () => millrace({ store: sqlite(process.env.SHOP_STORE!), services: [payments, mails] })

// biome-ignore lint/style/noDefaultExport: an application file is known by its default export
export default shop
