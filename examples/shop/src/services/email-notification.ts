import { collection, exponential, type Service, service } from 'millrace'
import { ShipmentDispatched } from '../contracts.ts'
import type { MailServer } from '../world/mail-server.ts'

interface SentEmail {
  readonly to: string
  readonly subject: string
  readonly attempts: number
}

/** The e-mails that were sent, by order. */
export const sentEmails = collection<SentEmail>('emails')

/** Tells customers that their parcel is on its way. */
export function emailNotification(mail: MailServer): Service {
  return service('email-notification').on(
    ShipmentDispatched,
    async ({ id, data: { orderId, customer, trackingCode } }, { attempt, documents }) => {
      const to = `customer-${customer}@example.com`
      const subject = `Your order ${orderId} is on its way: ${trackingCode}`
      await mail.send({ to, subject, messageId: id }, attempt)
      documents.put(sentEmails, orderId, { to, subject, attempts: attempt })
    },
    {
      // Nobody knows where to write to an unknown customer.
      filter: ({ data }) => data.customer !== null,
      retry: exponential({ attempts: 5, baseMs: 50 }),
    },
  )
}
