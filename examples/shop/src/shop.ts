import { type Application, type ApplicationConfig, millrace } from 'millrace'
import { accounting, accountsTable, setAsideTable } from './services/accounting.ts'
import { emailNotification } from './services/email-notification.ts'
import { invoice, invoiceTable } from './services/invoice.ts'
import { marketing } from './services/marketing.ts'
import { orders } from './services/orders.ts'
import { payment, paymentTable } from './services/payment.ts'
import { shipping } from './services/shipping.ts'
import { inputTable } from './services/shopping-cart.ts'
import { cardGateway } from './world/card-gateway.ts'
import { mailServer } from './world/mail-server.ts'

const tables = [inputTable, paymentTable, invoiceTable, accountsTable, setAsideTable]

/** Opens the shop: all services on one store. The seed decides which calls to the outer world fail. */
export async function openShop(store: ApplicationConfig['store'], seed: number): Promise<Application> {
  const mail = mailServer(seed)
  const app = await millrace({
    store,
    source: '/shop',
    services: [
      payment(cardGateway(seed)),
      orders,
      shipping,
      // Both were added later, without a change to the others.
      invoice,
      emailNotification(mail),
      marketing(mail),
      accounting,
    ],
  }).start()
  await app.sql(tables.map((text) => ({ text, parameters: [] })))
  return app
}
