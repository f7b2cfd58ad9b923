import type { StartPosition, SubscriptionWrite } from 'millrace/engine'
import { expect } from 'vitest'
import { handling } from './deliveries.ts'
import type { Promised, StoreFixture } from './fixture.ts'
import { leaseOf, owner, takeLease } from './leasing.ts'
import { range, refused } from './reading.ts'

const ensure = (from: StartPosition, name = 's', topics: readonly string[] = ['t']): SubscriptionWrite => ({
  kind: 'ensure',
  name,
  topics,
  from,
})

const write = ({ store }: StoreFixture, ...subscriptions: SubscriptionWrite[]) => store.commit({ subscriptions })

const lagOf = async ({ store }: StoreFixture, name = 's'): Promise<number> => (await store.readSubscription(name))!.lag

/** Subscriptions: where each stands in the log, and what an operator does to it. */
export function subscriptionPromises(promised: Promised): void {
  promised('a subscription begins where it was asked to', async (fixture) => {
    const { store, clock, publish } = fixture
    await publish('t', 3)
    await clock.advance(1_000)
    const time = new Date(clock.now())
    const [fourth] = await publish('t', 2)
    await write(
      fixture,
      ensure('beginning', 'all'),
      ensure('now', 'new'),
      ensure({ position: fourth! }, 'from a position'),
      ensure({ time }, 'from a time'),
      ensure({ time: new Date(0) }, 'from long ago'),
      ensure({ time: new Date(clock.now() + 60_000) }, 'from the future'),
    )
    expect(await lagOf(fixture, 'all')).toBe(5)
    expect(await lagOf(fixture, 'new')).toBe(0)
    expect(await lagOf(fixture, 'from a position')).toBe(2)
    expect(await lagOf(fixture, 'from a time')).toBe(2)
    expect(await lagOf(fixture, 'from long ago')).toBe(5)
    expect(await lagOf(fixture, 'from the future')).toBe(0)
    await publish('t')
    expect(await lagOf(fixture, 'new')).toBe(1)
    expect(await store.readSubscription('none')).toBeUndefined()
  })

  promised('a subscription that begins now has what comes after its commit, not before', async (fixture) => {
    const { store, event } = fixture
    await fixture.publish('t', 3)
    const { appended } = await store.commit({ append: [{ event: event('t') }], subscriptions: [ensure('now')] })
    const { floor } = (await store.readSubscription('s'))!
    expect(floor).toBeGreaterThan(0)
    expect(floor).toBeLessThanOrEqual(appended[0]!.position)
    await fixture.publish('t', 2)
    expect(await lagOf(fixture)).toBeGreaterThanOrEqual(2)
    expect(await lagOf(fixture)).toBeLessThanOrEqual(3)
  })

  promised('ensuring it again moves nothing but its topics', async (fixture) => {
    const { store, publish } = fixture
    const s = await handling(fixture)
    const [first] = await publish('t', 3)
    await publish('u', 4)
    await s.ack([first!])
    for (const from of ['now', 'beginning', { position: 1 }] as const) await write(fixture, ensure(from))
    expect(await store.readSubscription('s')).toMatchObject({ topics: ['t'], lag: 2 })
    await write(fixture, ensure('now', 's', ['t', 'u']))
    expect(await store.readSubscription('s')).toMatchObject({ topics: ['t', 'u'], lag: 6 })
  })

  promised('the lag is counted up to the limit asked for, over all patterns, each event once', async (fixture) => {
    const { store, publish } = fixture
    await write(fixture, ensure('beginning', 's', ['shop.**', 'shop.*', 'shop.a']))
    await publish('shop.a', 30)
    await publish('other', 30)
    await publish('shop.b.c', 30)
    expect((await store.readSubscription('s', 0))!.lag).toBe(0)
    expect((await store.readSubscription('s', 10))!.lag).toBe(10)
    expect((await store.readSubscription('s', 1_000))!.lag).toBe(60)
    expect((await store.inspect()).subscriptions).toMatchObject([{ name: 's', lag: 60 }])
  })

  promised('the lag has an age: that of the oldest unsettled event', async (fixture) => {
    const { store, clock, publish } = fixture
    const s = await handling(fixture)
    const [first] = await publish('t')
    await clock.advance(5_000)
    const [second] = await publish('t')
    await clock.advance(1_000)
    const ageOf = async () => (await store.inspect()).subscriptions[0]!.lagMs
    expect(await ageOf()).toBe(6_000)
    await s.ack([first!])
    expect(await ageOf()).toBe(1_000)
    await s.ack([second!])
    expect(await ageOf()).toBe(0)
  })

  promised('it is paused with a reason, and resumed', async (fixture) => {
    const { store } = fixture
    await write(fixture, ensure('beginning'))
    expect((await store.readSubscription('s'))!.paused).toBeNull()
    await write(fixture, { kind: 'pause', name: 's', reason: 'the printer is on fire' })
    expect((await store.readSubscription('s'))!.paused).toBe('the printer is on fire')
    expect((await store.inspect()).subscriptions[0]!.paused).toBe('the printer is on fire')
    await write(fixture, { kind: 'resume', name: 's' })
    expect((await store.readSubscription('s'))!.paused).toBeNull()
  })

  promised('it is known who handles it', async (fixture) => {
    const { store } = fixture
    await write(fixture, ensure('beginning'))
    expect((await store.inspect()).subscriptions[0]!.owner).toBeNull()
    const epoch = await takeLease(store, leaseOf('s'), 'instance-7')
    expect((await store.inspect()).subscriptions[0]!.owner).toContain('instance-7')
    await store.commit({ leases: [{ kind: 'release', name: leaseOf('s'), epoch }] })
    expect((await store.inspect()).subscriptions[0]!.owner).toBeNull()
  })

  promised('it is created and taken in one unit', async (fixture) => {
    const { store } = fixture
    const [first] = await fixture.publish('t')
    const { epochs } = await store.commit({
      leases: [{ kind: 'acquire', name: leaseOf('s'), owner: owner('me'), ttlMs: 60_000 }],
      subscriptions: [ensure('beginning')],
    })
    const { epoch } = epochs[0]!
    const outcome = { kind: 'ack', reason: 'handled' } as const
    await store.commit({ settle: [{ subscription: 's', epoch, position: first!, kept: false, outcome }] })
    expect(await lagOf(fixture)).toBe(0)
  })

  promised('a rewind moves the cursor back or forth, and fences what is under way', async (fixture) => {
    const { store, publish } = fixture
    const s = await handling(fixture)
    const positions = await publish('t', 10)
    await s.ack(positions.slice(0, 6))
    await s.ack([positions[8]!])
    expect(await lagOf(fixture)).toBe(3)
    await write(fixture, { kind: 'rewind', name: 's', to: { position: positions[2]! } })
    expect(await lagOf(fixture), 'all from there on are handled again').toBe(8)
    await refused('LEASE_LOST', s.ack([positions[9]!]))
    expect(await lagOf(fixture)).toBe(8)
    await write(fixture, { kind: 'rewind', name: 's', to: 'now' })
    expect(await lagOf(fixture)).toBe(0)
    await write(fixture, { kind: 'rewind', name: 's', to: 'beginning' })
    expect(await lagOf(fixture)).toBe(10)
    expect((await store.readSubscription('s'))!.floor).toBeLessThan(positions[0]!)
  })

  promised('what comes again after a rewind is kept apart no more', async (fixture) => {
    const s = await handling(fixture)
    const [a, b, c, d] = await fixture.publish('t', 4, { key: 'k' })
    await s.keep(a!, 'dead')
    await s.keep(b!, 'park')
    await s.keep(c!, 'wait')
    await s.keep(d!, 'dead')
    await write(fixture, { kind: 'rewind', name: 's', to: { position: c! } })
    expect(await s.positions('pending'), 'what lies before stays').toEqual([b])
    expect(await s.positions('dead')).toEqual([a])
    expect(await lagOf(fixture)).toBe(2)
    await write(fixture, { kind: 'rewind', name: 's', to: 'beginning' })
    expect([...(await s.positions('pending')), ...(await s.positions('dead'))]).toEqual([])
    expect(await lagOf(fixture)).toBe(4)
  })

  promised('whoever handles it takes the lease anew after a rewind', async (fixture) => {
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 3)
    await write(fixture, { kind: 'rewind', name: 's', to: 'beginning' })
    const again = await handling(fixture)
    expect(again.epoch).toBeGreaterThan(s.epoch)
    await again.ack(positions)
    expect(await lagOf(fixture)).toBe(0)
  })

  promised('removing it removes what is kept for it', async (fixture) => {
    const { store, publish } = fixture
    const s = await handling(fixture)
    const positions = await publish('t', 4)
    await s.keep(positions[0]!, 'park')
    await s.keep(positions[1]!, 'dead')
    await write(fixture, { kind: 'remove', name: 's' })
    expect(await store.readSubscription('s')).toBeUndefined()
    expect((await store.inspect()).subscriptions).toEqual([])
    await write(fixture, ensure('beginning'))
    expect(await lagOf(fixture)).toBe(4)
    expect(await s.read('pending')).toEqual([])
    expect(await s.read('dead')).toEqual([])
  })

  promised('nothing can be done to a subscription that does not exist', async (fixture) => {
    const operations: SubscriptionWrite[] = [
      { kind: 'pause', name: 'none', reason: 'r' },
      { kind: 'resume', name: 'none' },
      { kind: 'rewind', name: 'none', to: 'now' },
      { kind: 'remove', name: 'none' },
      { kind: 'redrive', name: 'none', positions: [1] },
      { kind: 'release', name: 'none', positions: [1] },
      { kind: 'discard', name: 'none', positions: [1] },
      { kind: 'edit', name: 'none', position: 1, data: '1' },
      { kind: 'replay', name: 'none', positions: [1] },
    ]
    for (const operation of operations) {
      expect(await refused('SUBSCRIPTION_UNKNOWN', write(fixture, operation)), operation.kind).toEqual({
        subscription: 'none',
      })
    }
  })

  promised('subscriptions do not touch each other', async (fixture) => {
    const one = await handling(fixture, { name: 'one' })
    const two = await handling(fixture, { name: 'two', topics: ['*'] })
    const positions = await fixture.publish('t', 6)
    await one.ack(positions.slice(0, 5))
    await two.keep(positions[0]!, 'park')
    await write(fixture, { kind: 'pause', name: 'one', reason: 'r' }, { kind: 'rewind', name: 'one', to: 'now' })
    expect(await fixture.store.readSubscription('two')).toMatchObject({ lag: 5, paused: null, pending: 1 })
    await two.ack(positions.slice(1))
    expect(await one.read('pending')).toEqual([])
  })

  promised('100 subscriptions are told apart and outlive the engine', async (fixture) => {
    const names = range(1, 100).map((n) => `service-${n}/handler`)
    await write(fixture, ...names.map((name, n) => ensure('beginning', name, [`t${n % 3}`])))
    await write(fixture, { kind: 'pause', name: names[0]!, reason: 'r' })
    await fixture.publish('t0', 5)
    await fixture.reopen()
    const { subscriptions } = await fixture.store.inspect()
    expect(subscriptions.map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    expect(subscriptions.filter(({ lag }) => lag === 5)).toHaveLength(34)
    expect(subscriptions.filter(({ paused }) => paused === 'r').map(({ name }) => name)).toEqual([names[0]])
  })
}
