import {
  type Application,
  type Contract,
  defineCommand,
  defineEvent,
  type Message,
  MillraceError,
  millrace,
} from 'millrace'
import { admin, type PublishedContract } from 'millrace/admin'
import { loadApplication } from './app-file.ts'
import type { Call } from './command.ts'
import { wrongUsage } from './errors.ts'
import { schemaOf } from './json-schema.ts'
import { openStore } from './store.ts'

/** Where events of one contract are published to. */
export interface Publishing {
  readonly application: Application
  readonly contract: Message['contract']
}

/**
 * Opens an application's store without starting its services. Its own contract validates, finds the key and the expiry.
 * @throws APP_FILE_INVALID, CONTRACT_UNKNOWN
 */
export async function publishingOfApplication(file: string, type: string): Promise<Publishing> {
  const application = await loadApplication(file)
  if (application.health().status !== 'starting') {
    const reason = 'it starts the application itself; export it without starting it'
    throw new MillraceError('APP_FILE_INVALID', { file, reason })
  }
  const contract = application.contracts.find(({ name }) => name === type)
  if (contract === undefined) throw unknown(type, `the application of '${file}'`, application.contracts)
  assertPublishable(contract)
  await application.start({ deliver: false })
  return { application, contract }
}

/**
 * Opens a store; the contract is what its registry has: the newest version, and its JSON Schema to validate.
 * @throws CONTRACT_UNKNOWN
 */
export async function publishingOfStore(
  call: Pick<Call, 'io' | 'store'>,
  type: string,
  source: string,
): Promise<Publishing> {
  const engine = await openStore(call)
  try {
    const known = await admin(engine.store).contracts()
    const published = known.find(({ name }) => name === type)
    if (published === undefined) throw unknown(type, `the store '${engine.path}'`, known)
    assertPublishable(published)
    const contract = contractOf(published)
    const { engine: name } = engine.store.capabilities
    const application = millrace({
      store: { engine: name, open: () => Promise.resolve(engine) },
      contracts: [contract],
      source,
    })
    await application.start({ deliver: false })
    return { application, contract }
  } catch (error) {
    await engine.store.close()
    throw error
  }
}

/** The contract as the registry knows it. What a function of the application's gives, as the key of an event, it has not. */
function contractOf({ name, version, kind, topic, schemas }: PublishedContract): Contract {
  const { schema } = schemas.at(-1)!
  // Nothing is read here, so that no older version is ever brought up to date; but a contract has its upcasters.
  const upcast = Object.fromEntries(
    Array.from({ length: version - 1 }, (_, index) => [index + 1, (data: unknown) => data]),
  )
  const options = {
    schema: schemaOf(schema),
    jsonSchema: schema,
    version,
    topic,
    upcast,
    compatibility: 'none',
  } as const
  return kind === 'command' ? defineCommand(name, options) : defineEvent(name, options)
}

function assertPublishable({ name, kind }: { readonly name: string; readonly kind: Contract['kind'] }): void {
  if (kind === 'query') throw wrongUsage(`'${name}' is a query: it is answered to who asks it, and cannot be published`)
}

function unknown(contract: string, place: string, known: readonly { readonly name: string }[]): MillraceError {
  return new MillraceError('CONTRACT_UNKNOWN', { contract, place, known: known.map(({ name }) => name) })
}
