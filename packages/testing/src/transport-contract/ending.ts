import { expect } from 'vitest'
import { eventually } from '../eventually.ts'
import type { Promised } from '../store-contract/fixture.ts'
import { leaseOf, takeLease } from '../store-contract/leasing.ts'
import { range, refused } from '../store-contract/reading.ts'
import { consuming, quiet } from './consuming.ts'

/** How consumers end, and what those after them get. */
export function endingPromises(promised: Promised): void {
  promised('exactly what was not acknowledged comes again, to whoever comes after', async (fixture) => {
    const positions = await fixture.publish('t', 60)
    const first = await consuming(fixture, { window: 40, receive: async () => {} })
    await first.received(40)
    const settled = first.records.filter((_, n) => n % 3 !== 0)
    await first.ack(settled)
    await first.consumer.close()
    await fixture.reopen()
    const second = await consuming(fixture)
    const done = new Set(settled.map(({ position }) => position))
    const left = positions.filter((position) => !done.has(position))
    await second.received(left.length)
    await fixture.publish('t')
    await second.received(left.length + 1)
    expect(second.positions.slice(0, -1)).toEqual(left)
  })

  promised('a consumer that is closed gets nothing more; the next one goes on', async (fixture) => {
    const first = await consuming(fixture)
    const before = await fixture.publish('t', 10)
    await first.received(10)
    await first.consumer.close()
    const after = await fixture.publish('t', 10)
    await quiet()
    expect(first.positions).toEqual(before)
    const second = await consuming(fixture)
    await second.received(10)
    expect(second.positions).toEqual(after)
    await first.consumer.close()
  })

  promised('a consumer is closed in the middle of a batch', async (fixture) => {
    const positions = await fixture.publish('t', 100)
    const gates: (() => void)[] = []
    const first = await consuming(fixture, {
      window: 10,
      receive: async (batch, self) => {
        await new Promise<void>((resolve) => gates.push(resolve))
        await self.ack(batch)
      },
    })
    await eventually(() => gates.length === 1)
    const closing = first.consumer.close()
    for (const release of gates) release()
    await closing
    await eventually(() => first.unsettled.length === 0)
    const count = first.records.length
    await quiet()
    expect(first.records.length).toBe(count)
    expect(gates).toHaveLength(1)
    const second = await consuming(fixture)
    await second.received(100 - count)
    expect([...first.positions, ...second.positions]).toEqual(positions)
  })

  promised('closing the transport ends its consumers', async (fixture) => {
    const s = await consuming(fixture)
    await fixture.publish('t', 5)
    await s.received(5)
    await fixture.log.close()
    await fixture.publish('t', 5)
    await quiet()
    expect(s.records).toHaveLength(5)
    await fixture.log.close()
  })

  promised('a consumer whose lease went to another one fails, and cannot settle', async (fixture) => {
    const { store, clock } = fixture
    const s = await consuming(fixture, { receive: async () => {} })
    await fixture.publish('t', 3)
    await s.received(3)
    const failed = refused('LEASE_LOST', s.consumer.failed)
    await clock.advance(60_001)
    const epoch = await takeLease(store, leaseOf('s'), 'another')
    await clock.advance(1_000)
    expect(await failed).toMatchObject({ lease: leaseOf('s'), epoch: s.epoch })
    await refused('LEASE_LOST', s.ack(s.records))
    await fixture.publish('t', 3)
    await quiet()
    expect(s.records).toHaveLength(3)
    const next = await consuming(fixture, { epoch })
    await next.received(6)
    expect(next.positions.slice(0, 3)).toEqual(s.positions)
  })

  promised('only whoever has the lease can consume', async (fixture) => {
    const { store, log } = fixture
    const s = await consuming(fixture)
    await s.consumer.close()
    await takeLease(store, leaseOf('s'), 'me')
    const subscription = { name: 's', topics: ['t'], window: 10 }
    await refused(
      'LEASE_LOST',
      log.subscribe({ ...subscription, epoch: s.epoch }, async () => {}),
    )
    await refused(
      'SUBSCRIPTION_UNKNOWN',
      log.subscribe({ ...subscription, name: 'none', epoch: 1 }, async () => {}),
    )
  })

  promised('a rewind ends the consumer, and the next one gets everything from there', async (fixture) => {
    const { store, clock } = fixture
    const s = await consuming(fixture)
    const positions = await fixture.publish('t', 20)
    await s.received(20)
    await eventually(async () => (await store.readSubscription('s'))!.lag === 0)
    const failed = refused('LEASE_LOST', s.consumer.failed)
    const to = { position: positions[5]! }
    await store.commit({ subscriptions: [{ kind: 'rewind', name: 's', to }] })
    await clock.advance(1_000)
    await failed
    const again = await consuming(fixture)
    await again.received(15)
    expect(again.positions).toEqual(positions.slice(5))
  })

  promised('what several processes publish arrives as one log, at a consumer in each', async (fixture) => {
    const { clock, event } = fixture
    const other = await fixture.beside()
    const here = await consuming(fixture, { name: 'here' })
    const there = await consuming(fixture, { name: 'there', at: other })
    const stores = [fixture.store, other.store]
    const publish = async (n: number) => {
      const { appended } = await stores[n % 2]!.commit({ append: [{ event: event('t') }, { event: event('noise') }] })
      await clock.advance(n % 3)
      return appended[0]!.position
    }
    const positions: number[] = []
    for (const round of range(1, 60)) {
      positions.push(...(await Promise.all(range(1, 1 + (round % 4)).map((n) => publish(n * round)))))
    }
    positions.sort((a, b) => a - b)
    await eventually(async () => {
      await clock.advance(10)
      return here.records.length >= positions.length && there.records.length >= positions.length
    })
    expect(here.positions).toEqual(positions)
    expect(there.positions).toEqual(positions)
  })

  promised('a consumer in another process takes over what is unsettled', async (fixture) => {
    const { clock, event } = fixture
    const positions = await fixture.publish('t', 10)
    const s = await consuming(fixture, { receive: async () => {} })
    await s.received(10)
    await s.ack(s.records.slice(0, 4))
    const other = await fixture.beside()
    const failed = refused('LEASE_LOST', s.consumer.failed)
    await clock.advance(60_001)
    const epoch = await takeLease(other.store, leaseOf('s'), 'another')
    const got: number[] = []
    await other.log.subscribe({ name: 's', topics: ['t'], epoch, window: 100 }, async (batch) => {
      got.push(...batch.map(({ position }) => position))
    })
    await eventually(() => got.length === 6)
    expect(got).toEqual(positions.slice(4))
    // The one that was fenced may have to look by itself from time to time.
    let known = false
    void failed.finally(() => {
      known = true
    })
    await eventually(async () => {
      await clock.advance(50)
      return known
    })
    await failed
    // And events of the first process reach the consumer of the second.
    const { appended } = await fixture.store.commit({ append: range(1, 3).map(() => ({ event: event('t') })) })
    await eventually(async () => {
      await clock.advance(10)
      return got.length === 9
    })
    expect(got.slice(6)).toEqual(appended.map(({ position }) => position))
  })
}
