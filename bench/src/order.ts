import { defineEvent } from 'millrace'
import { z } from 'zod'

/** The event that everything is measured with: about 200 bytes of JSON. */
export const OrderPlaced = defineEvent('bench.order.placed', {
  schema: z.object({ orderId: z.string(), customer: z.string(), total: z.int(), note: z.string() }),
  key: (order) => order.customer,
})

export const order = (number: number) => ({
  orderId: `order-${number}`,
  customer: `customer-${number % 1000}`,
  total: number % 10_000,
  note: 'x'.repeat(100),
})
