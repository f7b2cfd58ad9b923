import { collection, service } from 'millrace'
import { OrderRequested, ShipmentDispatched } from '../contracts.ts'
import { costOf } from '../money.ts'

/** The invoices that were written. No key keeps a second one of an order out, so that one would be seen. */
export const invoiceTable = `CREATE TABLE IF NOT EXISTS shop_invoices (
  order_id TEXT NOT NULL, customer TEXT, country TEXT NOT NULL, pence INTEGER NOT NULL
) STRICT`

interface Draft {
  readonly customer: string | null
  readonly country: string
  readonly pence: number
}

/** What was ordered and is not dispatched yet: this service's own copy, kept from events. */
const drafts = collection<Draft>('invoice-drafts')

/** Writes an invoice for each order that leaves the shop. */
export const invoice = service('invoice')
  .on(OrderRequested, ({ data: { orderId, customer, country, lines } }, { documents }) => {
    documents.put(drafts, orderId, { customer, country, pence: costOf(lines) })
  })
  .on(ShipmentDispatched, async ({ data: { orderId } }, { documents, sql }) => {
    const draft = await documents.get(drafts, orderId)
    if (draft === undefined) throw new Error(`There is no draft of an invoice for order ${orderId}`)
    const { customer, country, pence } = draft
    sql(
      'INSERT INTO shop_invoices (order_id, customer, country, pence) VALUES (?, ?, ?, ?)',
      orderId,
      customer,
      country,
      pence,
    )
    documents.delete(drafts, orderId)
  })
