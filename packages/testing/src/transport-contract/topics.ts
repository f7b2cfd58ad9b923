import { expect } from 'vitest'
import { eventually } from '../eventually.ts'
import type { Promised } from '../store-contract/fixture.ts'
import { positionsOf, range, readAll } from '../store-contract/reading.ts'
import { consuming, quiet } from './consuming.ts'

/** Which events a subscription gets. */
export function topicPromises(promised: Promised): void {
  promised('a subscription gets the events of its topics and patterns, each once', async (fixture) => {
    const { store } = fixture
    const patterns = [['shop.a'], ['shop.*'], ['shop.**'], ['**'], ['*.a', 'shop.*', 'shop.a'], ['other', 'shop.b.c']]
    const topics = ['shop', 'shop.a', 'shop.b', 'shop.b.c', 'other', 'other.a', 'shopping']
    for (const topic of topics) await fixture.publish(topic, 10)
    const consumers = await Promise.all(
      patterns.map((wanted, n) => consuming(fixture, { name: `s${n}`, topics: wanted, window: 16 })),
    )
    for (const topic of topics.toReversed()) await fixture.publish(topic, 10)
    for (const [n, consumer] of consumers.entries()) {
      const wanted = positionsOf(await readAll(store, patterns[n]!))
      expect(wanted.length).toBeGreaterThan(0)
      await consumer.received(wanted.length)
      expect(consumer.positions).toEqual(wanted)
    }
  })

  promised('a topic that is new matches the pattern of a running consumer', async (fixture) => {
    const s = await consuming(fixture, { topics: ['new.*'] })
    const positions: number[] = []
    for (const n of range(1, 20)) positions.push(...(await fixture.publish(`new.t${n}`)))
    await s.received(20)
    expect(s.positions).toEqual(positions)
  })

  promised('200 topics in one subscription keep the order of the log', async (fixture) => {
    const { store, event } = fixture
    const topics = range(1, 200).map((n) => `topic-${n}`)
    const s = await consuming(fixture, { topics })
    for (const round of range(1, 5)) {
      const order = topics.map((_, n) => topics[(n * 37 + round) % 200]!)
      await store.commit({ append: order.map((topic) => ({ event: event(topic) })) })
    }
    await s.received(1_000)
    expect(s.positions).toEqual(positionsOf(await readAll(store)))
  })

  promised('events of other topics are passed over, and do not count as lag', async (fixture) => {
    const { store } = fixture
    await fixture.publish('noise', 3_000)
    const [rare] = await fixture.publish('t')
    const s = await consuming(fixture)
    await s.received(1)
    await fixture.publish('noise', 3_000)
    await quiet()
    expect(s.positions).toEqual([rare])
    expect((await store.readSubscription('s'))!.lag).toBe(0)
    const [last] = await fixture.publish('t')
    await s.received(2)
    expect(s.positions).toEqual([rare, last])
  })

  promised('several consumers each get everything, at their own pace', async (fixture) => {
    const { store } = fixture
    const held: (() => void)[] = []
    const slow = await consuming(fixture, {
      name: 'slow',
      window: 3,
      receive: async (batch, self) => {
        await new Promise<void>((resolve) => held.push(resolve))
        await self.ack(batch)
      },
    })
    const fast = await Promise.all(range(1, 5).map((n) => consuming(fixture, { name: `fast ${n}` })))
    const positions: number[] = []
    for (const _ of range(1, 30)) positions.push(...(await fixture.publish('t', 10)))
    for (const one of fast) await one.received(300)
    for (const one of fast) expect(one.positions).toEqual(positions)
    expect(slow.records.length).toBeLessThanOrEqual(3)
    await eventually(() => {
      for (const release of held.splice(0)) release()
      return slow.records.length === 300
    })
    expect(slow.positions).toEqual(positions)
    await eventually(async () => (await store.readSubscription('fast 1'))!.lag === 0)
  })
}
