import type { Store } from '../store/index.ts'
import type { Admin } from './admin.ts'
import { contractsOf } from './contracts.ts'
import { deadLettersOf } from './dead-letters.ts'
import { parkedOf } from './parked.ts'
import { removeSubscription } from './remove.ts'
import { replay } from './replay.ts'
import { tail } from './tail.ts'

/** The operator's side of a store. It holds nothing of its own: close the store when done. */
export function admin(store: Store): Admin {
  return {
    inspect: () => store.inspect(),
    topics: async () => (await store.inspect()).topics,
    subscriptions: async () => (await store.inspect()).subscriptions,
    contracts: () => contractsOf(store),
    pause: async (name, reason) => {
      await store.commit({ subscriptions: [{ kind: 'pause', name, reason }] })
    },
    resume: async (name) => {
      await store.commit({ subscriptions: [{ kind: 'resume', name }] })
    },
    rewind: async (name, to) => {
      await store.commit({ subscriptions: [{ kind: 'rewind', name, to }] })
    },
    remove: (name) => removeSubscription(store, name),
    replay: (name, range) => replay(store, name, range),
    deadLetters: deadLettersOf(store),
    parked: parkedOf(store),
    timers: {
      list: ({ limit = 100 } = {}) => store.readTimers({ limit }),
      cancel: async (id) => {
        await store.commit({ timers: [{ kind: 'remove', id }] })
      },
    },
    tail: (topics, options) => tail(store, topics, options),
  }
}
