import { describe } from 'vitest'
import { appendPromises } from './append.ts'
import { atomicityPromises } from './atomicity.ts'
import { closePromises } from './close.ts'
import { documentPromises } from './documents.ts'
import { duplicatePromises } from './duplicates.ts'
import { durabilityPromises } from './durability.ts'
import { type OpenStore, promisedBy } from './fixture.ts'
import { type IdempotencyCase, idempotencyPromises } from './idempotency.ts'
import { inboxPromises } from './inbox.ts'
import { keptPromises } from './kept.ts'
import { leasePromises } from './leases.ts'
import { operationPromises } from './operations.ts'
import { settlementPromises } from './settlements.ts'
import { type Placeholder, sqlPromises } from './sql.ts'
import { statePromises } from './state.ts'
import { streamPromises } from './streams.ts'
import { subscriptionPromises } from './subscriptions.ts'
import { timerPromises } from './timers.ts'
import { trimPromises } from './trims.ts'
import { valuePromises } from './values.ts'
import { wakeUpPromises } from './wake-up.ts'
import { type DedupWindow, windowPromises } from './window.ts'

export interface StoreContractOptions {
  /** Cases of repeated appends to streams, each to be tested. */
  readonly idempotencyCases?: readonly IdempotencyCase[]
  /** Opens a store that remembers ids and inbox marks within these bounds. Left out, the bounds are not tested. */
  readonly openWithWindow?: (window: DedupWindow) => ReturnType<OpenStore>
  /** How the engine's SQL writes the n-th parameter, counted from 1. Default: `?`. */
  readonly placeholder?: Placeholder
}

/**
 * Registers the tests of every promise of the Store port for one engine, with vitest. A promise that the engine's
 * capabilities exclude is skipped and says why.
 */
export function storeContract(name: string, open: OpenStore, options: StoreContractOptions = {}): void {
  const { idempotencyCases = [], placeholder = () => '?' } = options
  const promised = promisedBy(open)
  describe(`store contract: ${name}`, () => {
    describe('append and read', () => appendPromises(promised))
    describe('atomicity', () => atomicityPromises(promised))
    describe('duplicates', () => duplicatePromises(promised))
    const { openWithWindow } = options
    if (openWithWindow) describe('window of duplicates', () => windowPromises(openWithWindow))
    describe('streams', () => streamPromises(promised))
    if (idempotencyCases.length > 0) {
      describe(`idempotent appends, ${idempotencyCases.length} cases`, () =>
        idempotencyPromises(promised, idempotencyCases))
    }
    describe('documents', () => documentPromises(promised))
    describe('timers', () => timerPromises(promised))
    describe('inbox', () => inboxPromises(promised))
    describe('leases', () => leasePromises(promised))
    describe('subscriptions', () => subscriptionPromises(promised))
    describe('settlements', () => settlementPromises(promised))
    describe('kept deliveries', () => keptPromises(promised))
    describe('operations on kept deliveries', () => operationPromises(promised))
    describe('retention and compaction', () => trimPromises(promised))
    describe('state', () => statePromises(promised))
    describe('SQL', () => sqlPromises(promised, placeholder))
    describe('wake-up', () => wakeUpPromises(promised))
    describe('durability', () => durabilityPromises(promised))
    describe('values', () => valuePromises(promised))
    describe('close', () => closePromises(promised))
  })
}
