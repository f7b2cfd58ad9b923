import { expect, it } from 'vitest'
import { admin } from '../../src/admin/index.ts'
import type { KeptQuery, Store, SubscriptionWrite } from '../../src/store/index.ts'
import { operated } from './operated.ts'

/** The store, on which somebody else discards deliveries right after they were read for the first time. */
function hasty(store: Store, name: string, positions: readonly number[]): Store {
  let done = false
  const write: SubscriptionWrite = { kind: 'discard', name, positions }
  return Object.assign(Object.create(store) as Store, {
    commit: store.commit.bind(store),
    readSubscription: store.readSubscription.bind(store),
    async readKept(query: KeptQuery) {
      const found = await store.readKept(query)
      if (!done && found.length > 0) {
        done = true
        await store.commit({ subscriptions: [write] })
      }
      return found
    },
  })
}

it('releasing all takes what is left where one was settled meanwhile', async () => {
  const { store, publish, subscribe, settle } = await operated()
  await subscribe('s', 't')
  const [one, two, three] = await publish('t', 3)
  await settle('s', [one!, two!, three!], 'park')
  expect(await admin(hasty(store, 's', [two!])).parked.release('s', 'all')).toBe(2)
  expect(await store.readKept({ subscription: 's', state: 'due', limit: 10 })).toMatchObject([
    { position: one },
    { position: three },
  ])
})

it.each(['redrive', 'discard'] as const)('to %s all takes what is left where one is gone', async (kind) => {
  const { store, publish, subscribe, settle } = await operated()
  await subscribe('s', 't')
  const [one, two, three] = await publish('t', 3)
  await settle('s', [one!, two!, three!], 'dead')
  expect(await admin(hasty(store, 's', [two!])).deadLetters[kind]('s', 'all')).toBe(2)
  expect(await store.readKept({ subscription: 's', state: 'dead', limit: 10 })).toEqual([])
})

it('what is named must be there', async () => {
  const { store, publish, subscribe, settle } = await operated()
  await subscribe('s', 't')
  const [one, two] = await publish('t', 2)
  await settle('s', [one!, two!], 'dead')
  const operator = admin(hasty(store, 's', [two!]))
  await expect(operator.deadLetters.redrive('s', [one!, two!])).rejects.toMatchObject({ code: 'DELIVERY_UNKNOWN' })
  expect(await store.readKept({ subscription: 's', state: 'dead', limit: 10 })).toMatchObject([{ position: one }])
})
