import { collection, service } from 'millrace'
import { OrderCompleted, OrderConfirmed, OrderRequested, PaymentProcessed, ShipmentDelivered } from '../contracts.ts'

interface Order {
  readonly status: 'requested' | 'confirmed' | 'completed'
  readonly customer: string | null
  readonly country: string
  readonly pieces: number
}

/** Every order and how far it is. */
const orderBook = collection<Order>('orders')

/** Follows an order from the request to the end. The events of one order come in their order, so no step can be missed. */
export const orders = service('orders')
  .on(OrderRequested, ({ data: { orderId, customer, country, lines } }, { documents }) => {
    const pieces = lines.reduce((sum, line) => sum + line.quantity, 0)
    documents.put(orderBook, orderId, { status: 'requested', customer, country, pieces })
  })
  .on(PaymentProcessed, async ({ data: { orderId } }, { documents, publish }) => {
    const order = known(orderId, await documents.get(orderBook, orderId))
    documents.put(orderBook, orderId, { ...order, status: 'confirmed' })
    publish(OrderConfirmed, { orderId, customer: order.customer, country: order.country, pieces: order.pieces })
  })
  .on(ShipmentDelivered, async ({ data: { orderId } }, { documents, publish }) => {
    const order = known(orderId, await documents.get(orderBook, orderId))
    documents.put(orderBook, orderId, { ...order, status: 'completed' })
    publish(OrderCompleted, { orderId, country: order.country })
  })

function known(orderId: string, order: Order | undefined): Order {
  if (order === undefined) throw new Error(`There is no order ${orderId}`)
  return order
}
