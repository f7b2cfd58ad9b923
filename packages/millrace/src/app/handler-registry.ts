import { isMillraceError, type Logger, MillraceError } from '../base/index.ts'
import type { Store } from '../store/index.ts'
import type { Contracts } from './contracts.ts'

/** Which service handles each command and query, for all processes on the store. */
const handlerCollection = '_millrace.handlers'

interface Handles {
  readonly service: string
}

/**
 * Notes which service handles each command and query of this application.
 * @throws HANDLER_DUPLICATE when a service that runs elsewhere handles one of them
 */
export async function registerHandlers(
  store: Store,
  contracts: Contracts,
  services: readonly string[],
  logger: Logger,
): Promise<void> {
  const { subscriptions } = contracts.handled().size === 0 ? { subscriptions: [] } : await store.inspect()
  const runs = (service: string): boolean => subscriptions.some(({ name, owner }) => name === service && owner !== null)
  for (const [message, service] of contracts.handled()) {
    const mayMove = (other: string): boolean => services.includes(other) || !runs(other)
    await registerHandler(store, message, service, mayMove, logger)
  }
}

async function registerHandler(
  store: Store,
  message: string,
  service: string,
  mayMove: (other: string) => boolean,
  logger: Logger,
): Promise<void> {
  for (;;) {
    const known = await store.readDocument(handlerCollection, message)
    const other = known === undefined ? undefined : (JSON.parse(known.value) as Handles).service
    if (other === service) return
    if (other !== undefined && !mayMove(other))
      throw new MillraceError('HANDLER_DUPLICATE', { message, service, other })
    const value = JSON.stringify({ service } satisfies Handles)
    const document = { collection: handlerCollection, key: message, value, expected: known?.version ?? 0 }
    try {
      await store.commit({ documents: [document] })
    } catch (error) {
      // Another process registered it at the same time: look at what that one wrote.
      if (!isMillraceError(error, 'VERSION_CONFLICT')) throw error
      continue
    }
    if (other !== undefined)
      logger.warn('A command or query has moved to another service', { message, from: other, to: service })
    return
  }
}

/** @throws COMMAND_UNHANDLED when no service was ever started that handles the command or query */
export async function requireHandler(store: Store, message: string): Promise<void> {
  if ((await store.readDocument(handlerCollection, message)) !== undefined) return
  throw new MillraceError('COMMAND_UNHANDLED', { contract: message })
}
