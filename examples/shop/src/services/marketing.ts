import { collection, exponential, type Service, service } from 'millrace'
import { CatalogueRequested } from '../contracts.ts'
import type { MailServer } from '../world/mail-server.ts'

interface SentCatalogue {
  readonly to: string
}

/** The catalogues that were sent, by request. */
export const sentCatalogues = collection<SentCatalogue>('catalogues')

/** Sends the catalogue to whoever asks. A request that fails three times is given up and lies among the dead letters. */
export function marketing(mail: MailServer): Service {
  return service('marketing').on(
    CatalogueRequested,
    async ({ id, data: { requestId, address } }, { attempt, documents }) => {
      await mail.send({ to: address, subject: 'Our catalogue', messageId: id }, attempt)
      documents.put(sentCatalogues, requestId, { to: address })
    },
    { retry: exponential({ attempts: 3, baseMs: 100 }) },
  )
}
