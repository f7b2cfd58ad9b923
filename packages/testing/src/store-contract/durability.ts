import type { Store } from 'millrace/engine'
import { expect } from 'vitest'
import { handling } from './deliveries.ts'
import type { Promised } from './fixture.ts'
import { takeLease } from './leasing.ts'
import { range, readAll, refused } from './reading.ts'

/** What a commit that resolved leaves behind, and how several processes see one store. */
export function durabilityPromises(promised: Promised): void {
  promised('everything is there when the store is opened again', async (fixture) => {
    const { event, clock } = fixture
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 20, { key: 'k' })
    await s.keep(positions[0]!, 'park', { dueMs: clock.now() + 1_000 })
    await s.keep(positions[1]!, 'wait')
    await s.keep(positions[2]!, 'dead', { orderKey: null })
    await s.ack(positions.slice(5, 10))
    await fixture.store.commit({
      append: range(1, 5).map(() => ({ event: event('u'), stream: { name: 'a', expected: 'none' } })),
      documents: range(1, 5).map((n) => ({ collection: 'c', key: `k${n}`, value: String(n) })),
      timers: range(1, 5).map((n) => ({ kind: 'set', id: `t${n}`, dueMs: n, event: event('t') })),
      counts: [{ name: 'n', subject: 's', by: 3 }],
    })
    const before = await picture(fixture.store)
    await fixture.reopen()
    expect(await picture(fixture.store)).toEqual(before)
    await fixture.reopen()
    expect(await picture(fixture.store)).toEqual(before)
    const [next] = await fixture.publish('t')
    expect(next).toBeGreaterThan(positions.at(-1)!)
  })

  promised('what was committed when the store was closed at once is there', async (fixture) => {
    const { store, event } = fixture
    const commits = range(1, 100).map(() => store.commit({ append: [{ event: event('t') }] }))
    await fixture.reopen()
    const results = await Promise.allSettled(commits)
    const durable = results.flatMap((result) => (result.status === 'fulfilled' ? result.value.appended : []))
    const there = new Set((await readAll(fixture.store)).map(({ position }) => position))
    expect(durable.every(({ position }) => there.has(position))).toBe(true)
    expect(durable).toHaveLength(100)
  })

  promised('two processes on one store see one log without gap or double', async (fixture) => {
    const { event } = fixture
    const stores = [fixture.store, (await fixture.beside()).store]
    const results = await Promise.all(
      range(0, 199).map((n) =>
        stores[n % 2]!.commit({
          append: [{ event: event('t'), stream: { name: 'a', expected: 'any' } }, { event: event('t') }],
          documents: [{ collection: 'c', key: 'k', value: String(n) }],
        }),
      ),
    )
    const positions = results.flatMap(({ appended }) => appended.map(({ position }) => position))
    for (const store of stores) {
      const records = await readAll(store)
      expect(records.map(({ position }) => position)).toEqual(positions.toSorted((a, b) => a - b))
      expect(await store.readStream({ stream: 'a', from: 0, limit: 999 })).toHaveLength(200)
      expect((await store.readDocument('c', 'k'))!.version).toBe(200)
    }
  })

  promised('two processes on one store respect each other’s revisions, versions, ids and leases', async (fixture) => {
    const { event } = fixture
    const one = fixture.store
    const two = (await fixture.beside()).store
    await one.commit({
      append: [
        { event: event('t'), stream: { name: 'a', expected: 'none' } },
        { event: event('t', { id: 'chosen' }), unique: true },
      ],
      documents: [{ collection: 'c', key: 'k', value: '1' }],
      inbox: [{ consumer: 'c', messageId: 'm' }],
    })
    const append = [{ event: event('t'), stream: { name: 'a', expected: 'none' } }] as const
    await refused('REVISION_CONFLICT', two.commit({ append }))
    const documents = [{ collection: 'c', key: 'k', value: '2', expected: 0 }]
    await refused('VERSION_CONFLICT', two.commit({ documents }))
    await refused('INBOX_DUPLICATE', two.commit({ inbox: [{ consumer: 'c', messageId: 'm' }] }))
    const again = await two.commit({ append: [{ event: event('t', { id: 'chosen' }), unique: true }] })
    expect(again.appended).toMatchObject([{ duplicate: true }])
    await takeLease(one, 'lease', 'one')
    await refused('LEASE_HELD', takeLease(two, 'lease', 'two'))
    await two.commit({ documents: [{ collection: 'c', key: 'k', value: '2', expected: 1 }] })
    expect(await one.readDocument('c', 'k')).toMatchObject({ version: 2 })
  })
}

/** All that a store holds after the test above. */
async function picture(store: Store): Promise<unknown> {
  const { bytes: _, ...state } = await store.inspect()
  return {
    state,
    log: await readAll(store),
    stream: await store.readStream({ stream: 'a', from: 0, limit: 99 }),
    documents: await store.readDocuments({ collection: 'c', limit: 99 }),
    timers: await store.readTimers({ limit: 99 }),
    pending: await store.readKept({ subscription: 's', state: 'pending', limit: 99 }),
    dead: await store.readKept({ subscription: 's', state: 'dead', limit: 99 }),
    subscription: await store.readSubscription('s'),
  }
}
