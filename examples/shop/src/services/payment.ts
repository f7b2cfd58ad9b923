import { exponential, type Service, service } from 'millrace'
import { OrderCancelled, OrderRequested, PaymentProcessed, PaymentRefunded } from '../contracts.ts'
import { costOf } from '../money.ts'
import type { CardGateway } from '../world/card-gateway.ts'

/** What was charged and given back. No key keeps a second row of an order out, so that one would be seen. */
export const paymentTable = `CREATE TABLE IF NOT EXISTS shop_payments (
  reference TEXT NOT NULL, pence INTEGER NOT NULL, attempts INTEGER NOT NULL
) STRICT`

const insert = 'INSERT INTO shop_payments (reference, pence, attempts) VALUES (?, ?, ?)'

/** An outage of the gateway passes: a payment is tried until it succeeds. */
const retry = exponential({ attempts: 10, baseMs: 50, maxMs: 1_000 })

/** Charges for what was ordered, and pays back what was cancelled. */
export function payment(gateway: CardGateway): Service {
  // The file of orders is read no faster than payments can follow.
  return service('payment', { maxLag: 500 })
    .on(
      OrderRequested,
      async ({ id, data: { orderId, country, lines } }, { attempt, sql, publish }) => {
        const pence = costOf(lines)
        await gateway.charge({ reference: orderId, pence, idempotencyKey: id }, attempt)
        sql(insert, orderId, pence, attempt)
        publish(PaymentProcessed, { orderId, country, pence })
      },
      { retry },
    )
    .on(
      OrderCancelled,
      async ({ id, data: { cancellationId, country, lines } }, { attempt, sql, publish }) => {
        const pence = costOf(lines)
        await gateway.refund({ reference: cancellationId, pence, idempotencyKey: id }, attempt)
        sql(insert, cancellationId, -pence, attempt)
        publish(PaymentRefunded, { cancellationId, country, pence })
      },
      { retry },
    )
}
