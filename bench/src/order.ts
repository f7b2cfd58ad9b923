import { defineEvent } from 'millrace'
import { z } from 'zod'

const customers = 1_000
const note = 'x'.repeat(100)

export const OrderSchema = z.object({ orderId: z.string(), customer: z.string(), total: z.int(), note: z.string() })
export type Order = z.infer<typeof OrderSchema>

/** The event that nearly everything is measured with: about 180 bytes of JSON, and a key of 1,000 different ones. */
export const OrderPlaced = defineEvent('bench.order.placed', { schema: OrderSchema, key: (order) => order.customer })

export const order = (number: number): Order => ({
  orderId: `order-${number}`,
  customer: `customer-${number % customers}`,
  total: number,
  note,
})

/** Data that is there before the clock runs. */
export const orders = (count: number): readonly Order[] => Array.from({ length: count }, (_, number) => order(number))
