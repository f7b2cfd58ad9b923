import type { AckReason, Settlement, Store } from 'millrace/engine'
import { expect } from 'vitest'
import { eventually } from '../eventually.ts'
import { handling } from './deliveries.ts'
import type { Promised, StoreFixture } from './fixture.ts'
import { leaseOf, owner, takeLease } from './leasing.ts'
import { positionsOf, refused } from './reading.ts'

/** Settlements: how a subscription gets on in the log. */
export function settlementPromises(promised: Promised): void {
  promised('everything up to the floor is settled, and the lag is what is not', async (fixture) => {
    const { store, publish } = fixture
    const s = await handling(fixture)
    const [a, b, c, d, e] = await publish('t', 5)
    const status = async () => (await store.readSubscription('s'))!
    expect(await status()).toMatchObject({ name: 's', topics: ['t'], lag: 5, pending: 0 })
    await s.ack([a!, b!])
    expect(await status()).toMatchObject({ floor: b, lag: 3 })
    await s.ack([d!])
    expect(await status()).toMatchObject({ lag: 2 })
    expect((await status()).floor, 'nothing unsettled is below the floor').toBeLessThan(c!)
    await s.ack([c!])
    expect(await status()).toMatchObject({ floor: d, lag: 1 })
    await s.ack([e!])
    expect(await status()).toMatchObject({ floor: e, lag: 0 })
  })

  promised('events of other topics do not hold it up', async (fixture) => {
    const { store, publish } = fixture
    const s = await handling(fixture, { topics: ['t'] })
    const [first] = await publish('t')
    await publish('other', 50)
    const [second] = await publish('t')
    await publish('other', 50)
    await s.ack([first!])
    expect((await store.readSubscription('s'))!.lag).toBe(1)
    await s.ack([second!])
    expect((await store.readSubscription('s'))!.lag).toBe(0)
  })

  promised('settled in any order, in any groups, what is left is exact', async (fixture) => {
    const { store } = fixture
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 1_000)
    // A fixed shuffle: 389 and 1,000 have no common divisor.
    const shuffled = positions.map((_, n) => positions[(n * 389) % 1_000]!)
    for (let done = 0; done < 900; done += 45) {
      const group = shuffled.slice(done, done + 45)
      const cuts = [0, 1, 10, 17, 45]
      await Promise.all(cuts.slice(1).map((cut, n) => s.ack(group.slice(cuts[n], cut))))
      const left = new Set(shuffled.slice(done + 45))
      const status = (await store.readSubscription('s', 10_000))!
      expect(status.lag).toBe(left.size)
      expect(status.floor).toBe(Math.min(...left) - 1)
    }
    await fixture.reopen()
    const left = shuffled.slice(900).toSorted((a, b) => a - b)
    expect(await unsettled(fixture, 's', left.length)).toEqual(left)
  })

  promised('the reasons of acknowledgements are counted, durably', async (fixture) => {
    const s = await handling(fixture)
    const reasons: AckReason[] = ['handled', 'expired', 'filtered', 'discarded', 'unhandled', 'duplicate']
    const positions = await fixture.publish('t', 21)
    for (const [n, reason] of reasons.entries()) await s.ack(positions.splice(0, n + 1), reason)
    const settledOf = async (store: Store) => (await store.inspect()).subscriptions[0]!.settled
    const counts = { handled: 1, expired: 2, filtered: 3, discarded: 4, unhandled: 5, duplicate: 6 }
    expect(await settledOf(fixture.store)).toMatchObject(counts)
    await fixture.reopen()
    expect(await settledOf(fixture.store)).toMatchObject(counts)
  })

  promised('whoever lost the lease cannot settle', async (fixture) => {
    const { store, clock, publish } = fixture
    const s = await handling(fixture)
    const [first, second] = await publish('t', 2)
    await s.ack([first!])
    await clock.advance(60_001)
    const epoch = await takeLease(store, leaseOf('s'), 'another')
    for (const outcome of [
      { kind: 'ack', reason: 'handled' },
      { kind: 'dead', delivery: { ...deliveryOf(fixture), orderKey: null } },
    ] as const) {
      expect(await refused('LEASE_LOST', s.settle(second!, outcome))).toEqual({
        lease: leaseOf('s'),
        epoch: s.epoch,
        actual: epoch,
      })
    }
    expect((await store.readSubscription('s'))!.lag).toBe(1)
    await store.commit({ settle: [{ ...s.settlement(second!, { kind: 'ack', reason: 'handled' }), epoch }] })
    expect((await store.readSubscription('s'))!.lag).toBe(0)
  })

  promised('a unit with one settlement of the past does nothing at all', async (fixture) => {
    const s = await handling(fixture, { name: 's' })
    const other = await handling(fixture, { name: 'other' })
    const [position] = await fixture.publish('t')
    const ack = { kind: 'ack', reason: 'handled' } as const
    const settle: Settlement[] = [
      other.settlement(position!, ack),
      { ...s.settlement(position!, ack), epoch: s.epoch - 1 },
    ]
    await refused('LEASE_LOST', fixture.store.commit({ settle }))
    for (const name of ['s', 'other']) expect((await fixture.store.readSubscription(name))!.lag).toBe(1)
  })

  promised('a lease that a refused unit asked for stays with whoever has it', async (fixture) => {
    const { store } = fixture
    const s = await handling(fixture)
    const [position] = await fixture.publish('t')
    await refused(
      'SUBSCRIPTION_UNKNOWN',
      store.commit({
        leases: [{ kind: 'acquire', name: leaseOf('s'), owner: owner('me'), ttlMs: 60_000 }],
        subscriptions: [{ kind: 'resume', name: 'none' }],
      }),
    )
    await s.ack([position!])
    expect((await store.readSubscription('s'))!.lag).toBe(0)
  })

  promised('only a subscription that exists has deliveries to settle', async ({ store }) => {
    await refused(
      'SUBSCRIPTION_UNKNOWN',
      store.commit({
        settle: [
          { subscription: 'none', epoch: 0, position: 1, kept: false, outcome: { kind: 'ack', reason: 'handled' } },
        ],
      }),
    )
  })

  promised('a delivery is settled once, and has its effects once', async (fixture) => {
    const { store, event } = fixture
    const s = await handling(fixture)
    const [a, b, c] = await fixture.publish('t', 3)
    const handle = (position: number, isKept = false) =>
      store.commit({
        append: [{ event: event('effect', { key: String(position) }) }],
        settle: [s.settlement(position, { kind: 'ack', reason: 'handled' }, isKept)],
      })
    const results = await Promise.allSettled([handle(a!), handle(a!), handle(b!), handle(a!)])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
    await refused('DELIVERY_UNKNOWN', handle(b!))
    await s.keep(c!, 'park')
    await refused('DELIVERY_UNKNOWN', handle(c!))
    await handle(c!, true)
    await refused('DELIVERY_UNKNOWN', handle(c!, true))
    await refused('DELIVERY_UNKNOWN', handle(1_000_000))
    await fixture.reopen()
    for (const position of [a!, b!, c!]) await refused('DELIVERY_UNKNOWN', s.ack([position]))
    const effects = await fixture.store.readLog({ after: 0, topics: ['effect'], limit: 9 })
    expect(effects.records.map((record) => Number(record.event.key))).toEqual([a, b, c])
  })

  promised('what is settled stays so when the store is opened again', async (fixture) => {
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 10)
    await s.ack(positions.filter((_, n) => n % 3 === 0))
    const before = await fixture.store.readSubscription('s')
    await fixture.reopen()
    expect(await fixture.store.readSubscription('s')).toEqual(before)
    await s.ack(positions.filter((_, n) => n % 3 !== 0))
    expect(await fixture.store.readSubscription('s')).toMatchObject({ lag: 0, floor: positions[9] })
  })

  promised('effects and acknowledgement are one commit', async (fixture) => {
    const { store, event } = fixture
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 20)
    const handle = (position: number) =>
      store.commit({
        settle: [s.settlement(position, { kind: 'ack', reason: 'handled' })],
        append: [{ event: event('effect', { key: String(position) }) }],
        // Every third handler meets a conflict.
        documents: [{ collection: 'c', key: String(position), value: '1', expected: position % 3 === 0 ? 9 : 0 }],
      })
    await Promise.allSettled(positions.map(handle))
    const left = positions.filter((position) => position % 3 === 0)
    expect((await store.readSubscription('s'))!.lag).toBe(left.length)
    const effects = await store.readLog({ after: 0, topics: ['effect'], limit: 100 })
    expect(effects.records.map((record) => Number(record.event.key)).toSorted((a, b) => a - b)).toEqual(
      positions.filter((position) => position % 3 !== 0),
    )
  })
}

const deliveryOf = ({ event }: StoreFixture) => ({
  event: event('t'),
  attempts: 1,
  deaths: 0,
  reason: 'exhausted' as const,
  history: [],
})

/** The positions that the log hands to a new consumer of the subscription, which must be `count`. */
async function unsettled({ store, log }: StoreFixture, name: string, count: number): Promise<number[]> {
  const epoch = await takeLease(store, leaseOf(name))
  const positions: number[] = []
  const subscription = { name, topics: ['t'], epoch, window: 10_000 }
  const consumer = await log.subscribe(subscription, async (batch) => void positions.push(...positionsOf(batch)))
  await eventually(() => positions.length >= count, { what: `${count} deliveries (there were ${positions.length})` })
  await consumer.close()
  return positions
}
