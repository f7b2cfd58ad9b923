import type { LogRecord, Outcome } from 'millrace/engine'
import { expect } from 'vitest'
import { eventually } from '../eventually.ts'
import { kept } from '../store-contract/deliveries.ts'
import type { Promised } from '../store-contract/fixture.ts'
import { idsOf, positionsOf, range } from '../store-contract/reading.ts'
import { consuming, quiet } from './consuming.ts'

/** How deliveries flow to one consumer. */
export function flowPromises(promised: Promised): void {
  promised('publishing resolves when the events are in the log, in order', async ({ log, store, event }) => {
    const events = range(1, 20).map(() => event('t'))
    await log.publish(events)
    const { records } = await store.readLog({ after: 0, limit: 100 })
    expect(records.map((record) => record.event)).toEqual(events)
    await log.publish([])
    expect(await store.locate('now')).toBe(records.at(-1)!.position)
  })

  promised('history first, then live, without gap or double', async (fixture) => {
    const history = await fixture.publish('t', 500)
    const s = await consuming(fixture, { window: 64 })
    const live: number[] = []
    // Published while the consumer is still in its history, at the seam, and after it has caught up.
    for (const count of range(1, 40)) live.push(...(await fixture.publish('t', count)))
    await s.received(history.length + live.length)
    live.push(...(await fixture.publish('t', 3)))
    await s.received(history.length + live.length)
    expect(s.positions).toEqual([...history, ...live])
  })

  promised('an idle consumer is woken by a commit, without the passing of time', async (fixture) => {
    const s = await consuming(fixture)
    await quiet()
    for (const count of range(1, 20)) {
      const [position] = await fixture.publish('t')
      await s.received(count)
      expect(s.positions.at(-1)).toBe(position)
    }
  })

  promised('records are handed over as they are read from the log', async (fixture) => {
    const { store, event } = fixture
    const append = (n: number) => ({
      event: event('t', { key: `k${n}`, attributes: '{"a":"😀"}', data: '{ "x": 1.0 }' }),
    })
    await store.commit({ append: range(1, 5).map(append) })
    const s = await consuming(fixture)
    await s.received(5)
    await store.commit({ append: range(6, 10).map(append) })
    await s.received(10)
    expect(s.records).toEqual((await store.readLog({ after: 0, limit: 100 })).records)
  })

  promised('no more than the window are unsettled, and settling makes room', async (fixture) => {
    const positions = await fixture.publish('t', 100)
    const s = await consuming(fixture, { window: 7, receive: async () => {} })
    await s.received(7)
    await quiet()
    expect(s.positions).toEqual(positions.slice(0, 7))
    await s.ack(s.records.slice(2, 5))
    await s.received(10)
    await quiet()
    expect(s.positions, 'three were settled, three more came').toEqual(positions.slice(0, 10))
    while (s.records.length < 100) {
      const before = s.records.length
      await s.ack(s.unsettled.slice(0, 1))
      await s.received(before + 1)
    }
    expect(s.positions).toEqual(positions)
  })

  promised('no batch comes before the last one was taken', async (fixture) => {
    await fixture.publish('t', 50)
    const gates: (() => void)[] = []
    const s = await consuming(fixture, {
      window: 1_000,
      receive: async (batch, self) => {
        await self.ack(batch)
        await new Promise<void>((resolve) => gates.push(resolve))
      },
    })
    await eventually(() => gates.length === 1)
    await fixture.publish('t', 50)
    await quiet()
    expect(gates.length, 'the first is not taken yet').toBe(1)
    while (s.records.length < 100) {
      const before = gates.length
      gates.at(-1)!()
      await eventually(() => gates.length > before || s.records.length === 100)
      await quiet()
      expect(gates.length - before, 'one batch for each that was taken').toBeLessThanOrEqual(1)
    }
    gates.at(-1)!()
    expect(idsOf(s.records)).toEqual(idsOf((await fixture.store.readLog({ after: 0, limit: 1_000 })).records))
  })

  promised('what is parked makes room in the window, and does not come from the log again', async (fixture) => {
    const positions = await fixture.publish('t', 20)
    const parked = ({ event }: LogRecord): Outcome => ({ kind: 'park', dueMs: null, delivery: kept(event) })
    const s = await consuming(fixture, {
      window: 5,
      receive: async (batch, self) => {
        await self.ack(batch.slice(1))
        await self.settle(batch.slice(0, 1), parked)
      },
    })
    await s.received(positions.length)
    expect(s.positions).toEqual(positions)
    await eventually(async () => (await fixture.store.readSubscription('s'))!.lag === 0)
    await fixture.reopen()
    const again = await consuming(fixture)
    const [next] = await fixture.publish('t')
    await again.received(1)
    expect(again.positions).toEqual([next])
  })

  promised('10,000 events arrive in order, through a window of 500', async (fixture) => {
    const { store, event } = fixture
    const s = await consuming(fixture, { window: 500 })
    const ids: string[] = []
    for (const _ of range(1, 100)) {
      const append = range(1, 100).map(() => ({ event: event('t') }))
      ids.push(...append.map((one) => one.event.id))
      await store.commit({ append })
    }
    await s.received(10_000)
    expect(idsOf(s.records)).toEqual(ids)
    await eventually(async () => (await store.readSubscription('s'))!.lag === 0)
    expect(positionsOf(s.records)).toHaveLength(10_000)
  })
}
