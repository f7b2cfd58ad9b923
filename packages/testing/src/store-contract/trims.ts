import type { Trim } from 'millrace/engine'
import { expect } from 'vitest'
import { handling } from './deliveries.ts'
import type { Promised, StoreFixture } from './fixture.ts'
import { positionsOf, range, readAll } from './reading.ts'

const trim = async ({ store }: StoreFixture, fields: Partial<Trim> = {}): Promise<number> => {
  const whole: Trim = { kind: 'oldest', topic: 't', through: Number.MAX_SAFE_INTEGER, limit: 1_000_000, ...fields }
  return (await store.commit({ trims: [whole] })).trimmed
}

const leftIn = async ({ store }: StoreFixture, ...topics: string[]): Promise<number[]> =>
  positionsOf(await readAll(store, topics))

/** Retention and compaction: what may be deleted from the log, and what never. */
export function trimPromises(promised: Promised): void {
  promised('the oldest events of a topic are deleted, through a position and up to a limit', async (fixture) => {
    const positions = await fixture.publish('t', 10)
    const others = await fixture.publish('other', 3)
    expect(await trim(fixture, { through: positions[6]!, limit: 4 })).toBe(4)
    expect(await leftIn(fixture, 't')).toEqual(positions.slice(4))
    expect(await trim(fixture, { through: positions[6]! })).toBe(3)
    expect(await leftIn(fixture, 't')).toEqual(positions.slice(7))
    expect(await trim(fixture, { through: positions[6]! })).toBe(0)
    expect(await leftIn(fixture, 'other')).toEqual(others)
  })

  promised('the newest event of the log stays, and positions never go back', async (fixture) => {
    const positions = await fixture.publish('t', 3)
    expect(await trim(fixture)).toBe(2)
    expect(await leftIn(fixture)).toEqual([])
    expect(await leftIn(fixture, 't')).toEqual([positions[2]])
    expect((await fixture.store.inspect()).head).toBe(positions[2])
    const [next] = await fixture.publish('other')
    expect(next).toBeGreaterThan(positions[2]!)
    expect(await trim(fixture)).toBe(1)
    expect(await leftIn(fixture, 't')).toEqual([])
  })

  promised('positions do not go back when the store is opened again after all was deleted', async (fixture) => {
    const positions = await fixture.publish('t', 5)
    await trim(fixture)
    await fixture.reopen()
    const [next] = await fixture.publish('t')
    expect(next).toBeGreaterThan(positions[4]!)
    expect(await leftIn(fixture, 't')).toEqual([positions[4], next])
  })

  promised('an event that a subscription of the topic has not settled stays', async (fixture) => {
    const s = await handling(fixture, { topics: ['t'] })
    const pattern = await handling(fixture, { name: 'pattern', topics: ['*'] })
    await handling(fixture, { name: 'elsewhere', topics: ['other'] })
    const positions = await fixture.publish('t', 10)
    await fixture.publish('other')
    expect(await trim(fixture)).toBe(0)
    await s.ack(positions)
    expect(await trim(fixture), 'another one waits for them').toBe(0)
    await pattern.ack(positions.slice(0, 4))
    await pattern.ack(positions.slice(6))
    await trim(fixture)
    const left = await leftIn(fixture, 't')
    expect(left).toEqual(expect.arrayContaining(positions.slice(4, 6)))
    expect(left.filter((position) => position < positions[4]!)).toEqual([])
    expect((await fixture.store.readSubscription('pattern'))!.lag).toBe(3)
  })

  promised('a paused subscription and one that nobody handles hold their events, too', async (fixture) => {
    const { store } = fixture
    await store.commit({
      subscriptions: [
        { kind: 'ensure', name: 's', topics: ['**'], from: 'now' },
        { kind: 'pause', name: 's', reason: 'r' },
      ],
    })
    const positions = await fixture.publish('t', 5)
    await fixture.publish('other')
    expect(await trim(fixture)).toBe(0)
    await store.commit({ subscriptions: [{ kind: 'remove', name: 's' }] })
    expect(await trim(fixture)).toBe(positions.length)
  })

  promised('what is kept apart survives the deletion of its event', async (fixture) => {
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 4)
    await s.keep(positions[0]!, 'park')
    await s.keep(positions[1]!, 'dead')
    await s.ack(positions.slice(2))
    const before = [await s.read('pending'), await s.read('dead')]
    await fixture.publish('other')
    await trim(fixture)
    expect([await s.read('pending'), await s.read('dead')]).toEqual(before)
    await fixture.store.commit({ subscriptions: [{ kind: 'redrive', name: 's', positions: [positions[1]!] }] })
    expect(await s.positions('due')).toEqual(positions.slice(0, 2))
  })

  promised('an event of a stream stays', async (fixture) => {
    const { store, event } = fixture
    const append = range(0, 9).map((n) => ({
      event: event('t', { key: 'k' }),
      ...(n % 2 === 0 && { stream: { name: 'stream', expected: 'any' as const } }),
    }))
    const { appended } = await store.commit({ append })
    await fixture.publish('other')
    expect(await trim(fixture, { kind: 'superseded' })).toBe(4)
    expect(await trim(fixture)).toBe(1)
    expect(await trim(fixture)).toBe(0)
    expect(await leftIn(fixture, 't')).toEqual(positionsOf(appended).filter((_, n) => n % 2 === 0))
    expect(await store.readStream({ stream: 'stream', from: 0, limit: 99 })).toHaveLength(5)
  })

  promised('compaction deletes what a later event of the key supersedes, and nothing else', async (fixture) => {
    const { store, event } = fixture
    const keys = ['a', 'b', 'a', null, 'c', 'a', 'b', null, 'd']
    const { appended } = await store.commit({ append: keys.map((key) => ({ event: event('t', { key }) })) })
    const positions = positionsOf(appended)
    await fixture.publish('other', 2, { key: 'd' })
    const left = (...indexes: number[]) => indexes.map((n) => positions[n]!)
    expect(await trim(fixture, { kind: 'superseded', through: positions[1]! })).toBe(2)
    expect(await leftIn(fixture, 't')).toEqual(left(2, 3, 4, 5, 6, 7, 8))
    expect(await trim(fixture, { kind: 'superseded' })).toBe(1)
    expect(await leftIn(fixture, 't')).toEqual(left(3, 4, 5, 6, 7, 8))
    expect(await trim(fixture, { kind: 'superseded' })).toBe(0)
  })

  promised('compaction keeps to its limit and to what is settled', async (fixture) => {
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 10, { key: 'k' })
    await fixture.publish('other')
    expect(await trim(fixture, { kind: 'superseded' })).toBe(0)
    await s.ack(positions.slice(0, 5))
    expect(await trim(fixture, { kind: 'superseded', limit: 2 })).toBe(2)
    expect(await trim(fixture, { kind: 'superseded' })).toBe(3)
    expect(await leftIn(fixture, 't')).toEqual(positions.slice(5))
    expect((await fixture.store.readSubscription('s'))!.lag).toBe(5)
  })

  promised('compaction goes on from where its limit stopped it, whatever stands before', async (fixture) => {
    const { store, event } = fixture
    // The first half is never superseded, the second half all but once.
    await store.commit({ append: range(1, 200).map((n) => ({ event: event('t', { key: `once-${n}` }) })) })
    await fixture.publish('t', 200, { key: 'often' })
    await fixture.publish('other')
    let trimmed = 0
    for (let round = 0; round < 20; round++) trimmed += await trim(fixture, { kind: 'superseded', limit: 10 })
    expect(trimmed).toBe(199)
    expect(await leftIn(fixture, 't')).toHaveLength(201)
  })

  promised('a reader and a subscription go on over what was deleted', async (fixture) => {
    const { store } = fixture
    const positions = await fixture.publish('t', 100)
    await trim(fixture, { through: positions[49]! })
    const page = await store.readLog({ after: positions[9]!, limit: 10 })
    expect(positionsOf(page.records)).toEqual(positions.slice(50, 60))
    const s = await handling(fixture)
    expect((await store.readSubscription('s'))!.lag).toBe(50)
    await s.ack(positions.slice(50))
    expect(await store.readSubscription('s')).toMatchObject({ lag: 0, floor: positions[99] })
  })

  promised('what is deleted is not counted any more, but has been appended', async (fixture) => {
    const { store } = fixture
    await fixture.publish('t', 10, { data: '"0123456789"' })
    await fixture.publish('other')
    await trim(fixture, { limit: 4 })
    const { topics } = await store.inspect()
    expect(topics.find(({ name }) => name === 't')).toMatchObject({ events: 6, bytes: 72, appended: 10 })
  })
}
