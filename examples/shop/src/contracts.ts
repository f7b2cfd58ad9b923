import { defineEvent } from 'millrace'
import { z } from 'zod'

// Everything the services of the shop know about each other. Money is in pence, so that sums are exact.

const pence = z.int()
const orderId = z.string()
const cancellationId = z.string()
/** The ledger does not know every customer. */
const customer = z.string().nullable()
const country = z.string()
const lines = z.array(
  z.object({ sku: z.string(), name: z.string(), quantity: z.int().positive(), unitPricePence: pence.nonnegative() }),
)

const byOrder = { key: (data: { orderId: string }) => data.orderId }

// Ordering

export const OrderRequested = defineEvent('shop.order.requested', {
  description: 'A customer wants to buy these goods.',
  schema: z.object({ orderId, customer, country, placedAt: z.iso.datetime(), lines }),
  ...byOrder,
})

export const OrderConfirmed = defineEvent('shop.order.confirmed', {
  description: 'The order is paid and can be shipped.',
  schema: z.object({ orderId, customer, country, pieces: z.int() }),
  ...byOrder,
})

export const OrderCompleted = defineEvent('shop.order.completed', {
  description: 'The goods are with the customer.',
  schema: z.object({ orderId, country }),
  ...byOrder,
})

export const OrderCancelled = defineEvent('shop.order.cancelled', {
  description: 'A customer gives goods back. The ledger does not tell of which order.',
  schema: z.object({ cancellationId, customer, country, cancelledAt: z.iso.datetime(), lines }),
  key: (data) => data.cancellationId,
})

export const EntrySetAside = defineEvent('shop.ledger.entry-set-aside', {
  description: 'A ledger entry that is neither an order nor a cancellation.',
  schema: z.object({ entryId: z.string(), reason: z.enum(['no-value', 'bookkeeping', 'unclear']) }),
  key: (data) => data.entryId,
})

// Payment

export const PaymentProcessed = defineEvent('shop.payment.processed', {
  description: 'The order is paid.',
  schema: z.object({ orderId, country, pence }),
  ...byOrder,
})

export const PaymentRefunded = defineEvent('shop.payment.refunded', {
  description: 'The money for cancelled goods is given back.',
  schema: z.object({ cancellationId, country, pence }),
  key: (data) => data.cancellationId,
})

// Shipping

const shipment = { orderId, customer, country, trackingCode: z.string() }

export const ShipmentPrepared = defineEvent('shop.shipment.prepared', {
  description: 'The goods are packed.',
  schema: z.object({ ...shipment, pieces: z.int() }),
  ...byOrder,
})

export const ShipmentDispatched = defineEvent('shop.shipment.dispatched', {
  description: 'The parcel has left the shop.',
  schema: z.object(shipment),
  ...byOrder,
})

export const ShipmentDelivered = defineEvent('shop.shipment.delivered', {
  description: 'The parcel has reached the customer.',
  schema: z.object({ orderId }),
  ...byOrder,
})

// Marketing

export const CatalogueRequested = defineEvent('shop.catalogue.requested', {
  description: 'A visitor of the website asks for the catalogue by e-mail. The address is whatever was typed in.',
  schema: z.object({ requestId: z.string(), address: z.string() }),
  key: (data) => data.requestId,
})
