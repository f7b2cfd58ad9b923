import { contractCollection, type PublishedContract } from '../admin/index.ts'
import { isMillraceError, type Logger, MillraceError } from '../base/index.ts'
import { type Contract, compatibilityDifferences, fingerprint, type JsonSchema, jsonSchemaOf } from '../event/index.ts'
import type { Store } from '../store/index.ts'

const keyOf = (name: string, version: number): string => `${name}@${String(version).padStart(6, '0')}`

/**
 * Checks the contract against all that was published under its name, and notes it.
 * Within a version, a changed schema must be compatible in the contract's mode with every earlier one: data of each is in the log. A new version must lead on from every
 * published one by upcasters; where old readers must understand it, too (`forward`, `full`), it is compared as well.
 * @throws CONTRACT_INCOMPATIBLE, UPCASTER_MISSING, CONTRACT_SCHEMA_UNKNOWN
 */
export async function registerContract(store: Store, contract: Contract, now: Date, logger: Logger): Promise<void> {
  const schema = schemaOf(contract)
  if (schema === undefined) return
  for (;;) {
    const published = await publishedVersions(store, contract.name)
    const same = published.find(({ value }) => value.version === contract.version)
    const older = published.filter(({ value }) => value.version < contract.version)
    checkVersions(
      contract,
      schema,
      older.map(({ value }) => value),
    )
    const current = same?.value.schemas.at(-1)
    const print = fingerprint(schema)
    if (current?.fingerprint === print) return
    for (const earlier of same?.value.schemas ?? []) check(contract, earlier.schema, schema)
    // Known before the one in force: two deployments take turns, and the list is not to grow with each.
    if (same?.value.schemas.some((earlier) => earlier.fingerprint === print)) return
    const { name, version, kind, topic } = contract
    const schemas = [...(same?.value.schemas ?? []), { fingerprint: print, schema, since: now.toISOString() }]
    const value: PublishedContract = { name, version, kind, topic, schemas }
    try {
      const document = {
        collection: contractCollection,
        key: keyOf(name, version),
        value: JSON.stringify(value),
        expected: same?.version ?? 0,
      }
      await store.commit({ documents: [document] })
      logger.debug('A contract is registered', { contract: name, version, fingerprint: print })
      return
    } catch (error) {
      // Another process registered it at the same time: compare with what that one wrote.
      if (!isMillraceError(error, 'VERSION_CONFLICT')) throw error
    }
  }
}

/** Every version of a contract that was published, oldest first. */
async function publishedVersions(
  store: Store,
  name: string,
): Promise<readonly { readonly value: PublishedContract; readonly version: number }[]> {
  const documents = await store.readDocuments({ collection: contractCollection, prefix: `${name}@`, limit: 1_000 })
  return documents.map(({ value, version }) => ({ value: JSON.parse(value) as PublishedContract, version }))
}

/** The JSON Schema of what travels. Without one only `none` is possible: a check that cannot be made is not passed. */
function schemaOf(contract: Contract): JsonSchema | undefined {
  const result = jsonSchemaOf(contract.schema, contract.jsonSchema)
  if ('schema' in result) return result.schema
  if (contract.compatibility === 'none') return undefined
  const { vendor } = contract.schema['~standard']
  throw new MillraceError('CONTRACT_SCHEMA_UNKNOWN', { contract: contract.name, vendor, reason: result.reason })
}

function checkVersions(contract: Contract, schema: JsonSchema, older: readonly PublishedContract[]): void {
  for (const published of older) {
    for (let from = published.version; from < contract.version; from++) {
      if (!contract.upcasters.has(from)) {
        throw new MillraceError('UPCASTER_MISSING', { contract: contract.name, from, to: contract.version })
      }
    }
  }
  const newest = older.at(-1)?.schemas ?? []
  const forward = contract.compatibility === 'forward' || contract.compatibility === 'full'
  // What old data needs is the upcasters' work; what old readers need of new data is a matter of the schemas.
  if (forward) for (const earlier of newest) check(contract, earlier.schema, schema, 'forward')
}

function check(contract: Contract, previous: JsonSchema, next: JsonSchema, mode = contract.compatibility): void {
  // Publishers are bound by the contract's types, so data has no properties that its schema does not describe.
  const differences = compatibilityDifferences(previous, next, mode, 'absent')
  if (differences.length === 0) return
  throw new MillraceError('CONTRACT_INCOMPATIBLE', {
    contract: contract.name,
    version: contract.version,
    mode,
    differences: differences.map(({ path, change }) => `${path === '' ? 'the data' : path}: ${change}`),
  })
}
