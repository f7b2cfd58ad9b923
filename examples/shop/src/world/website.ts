import { type Message, message } from 'millrace'
import { CatalogueRequested } from '../contracts.ts'

/**
 * What visitors typed into the form "Send me the catalogue" while the shop was closed. One address can never be written to:
 * the poison message of this example.
 */
export const catalogueRequests: readonly Message[] = [
  message(CatalogueRequested, { requestId: 'web-1', address: 'ada@example.com' }),
  message(CatalogueRequested, { requestId: 'web-2', address: 'grace at example dot com' }),
  message(CatalogueRequested, { requestId: 'web-3', address: 'edsger@example.com' }),
]
