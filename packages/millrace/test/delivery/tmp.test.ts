import { eventually } from '@millrace/testing'
import { collection, immediate, service } from 'millrace'
import { test } from 'vitest'
import { Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'
const values = collection<{ n: number }>('values')
test('x', async () => {
  const { app, store, logged } = await start({ contracts: [Ordered] })
  let f = 0
  const s = service('s', { dispatch: 'serial' }).on(Ordered, async ({ data }, { documents, position }) => {
    console.log('handle', position)
    if (data.n === 1 && f++ < 1) throw new Error('not yet')
  }, { retry: immediate({ attempts: 1000 }) })
  await app.publish(Ordered, { key: 'a', n: 1 })
  await app.subscribe(s)
  await app.publish(Ordered, { key: 'a', n: 2 })
  await eventually(async () => (await app.inspect()).subscriptions[0]?.settled.handled === 2, { timeoutMs: 500 }).catch(() => {})
  console.log(logged, (await app.inspect()).subscriptions, await store.readKept({ subscription: 's', state: 'pending', limit: 10 }))
})
