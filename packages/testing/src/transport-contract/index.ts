import { describe } from 'vitest'
import { type OpenStore, promisedBy } from '../store-contract/fixture.ts'
import { endingPromises } from './ending.ts'
import { flowPromises } from './flow.ts'
import { restartPromises } from './restarts.ts'
import { topicPromises } from './topics.ts'

/**
 * Registers the tests of every promise of the Transport port for the log of one engine, whose settlements are part of the
 * commit, with vitest. A promise that the engine's capabilities exclude is skipped and says why.
 */
export function transportContract(name: string, open: OpenStore): void {
  const promised = promisedBy(open)
  describe(`transport contract: ${name}`, () => {
    describe('flow', () => flowPromises(promised))
    describe('topics', () => topicPromises(promised))
    describe('ending and taking over', () => endingPromises(promised))
    describe('restarts', () => restartPromises(promised))
  })
}
