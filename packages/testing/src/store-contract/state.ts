import { expect } from 'vitest'
import type { Promised } from './fixture.ts'
import { range } from './reading.ts'

/** What an operator asks about: topics, counters, places in the log by time. */
export function statePromises(promised: Promised): void {
  promised('the topics are listed with what is in them', async ({ store, clock, event, publish }) => {
    await publish('a', 3, { data: '"12345678"' })
    await clock.advance(500)
    await store.commit({
      append: [
        { event: event('b', { type: 'second', data: '"ä😀"' }) },
        { event: event('b', { type: 'first', data: null }) },
      ],
    })
    const state = await store.inspect()
    const topic = (wanted: string) => state.topics.find(({ name }) => name === wanted)
    expect(state.topics.map(({ name }) => name).toSorted()).toEqual(['a', 'b'])
    expect(topic('a')).toMatchObject({ events: 3, bytes: 30, appended: 3, types: ['a'], lastMs: clock.now() - 500 })
    expect(topic('b')).toMatchObject({ events: 2, bytes: 8, appended: 2, lastMs: clock.now() })
    expect(topic('b')!.types.toSorted()).toEqual(['first', 'second'])
    expect(state.head).toBe((await store.readLog({ after: 0, limit: 9 })).records.at(-1)!.position)
    expect(state.bytes).toBeGreaterThanOrEqual(0)
  })

  promised('counters add up, and outlive the engine', async (fixture) => {
    const { store } = fixture
    const count = (name: string, subject: string, by: number) => store.commit({ counts: [{ name, subject, by }] })
    await Promise.all([
      ...range(1, 100).map((by) => count('dropped', 'orders', by)),
      ...range(1, 10).map(() => count('dropped', 'payments', 1)),
      ...range(1, 10).map(() => count('expired', 'orders', 2)),
    ])
    await store.commit({
      counts: [
        { name: 'dropped', subject: 'orders', by: 1 },
        { name: 'dropped', subject: 'orders', by: 1 },
      ],
    })
    const countersOf = async () => (await fixture.store.inspect()).counters
    const expected = [
      { name: 'dropped', subject: 'orders', value: 5_052 },
      { name: 'dropped', subject: 'payments', value: 10 },
      { name: 'expired', subject: 'orders', value: 20 },
    ]
    expect(await countersOf()).toEqual(expect.arrayContaining(expected))
    await fixture.reopen()
    expect(await countersOf()).toEqual(expect.arrayContaining(expected))
  })

  promised('the last position before a time is found', async ({ store, clock, publish }) => {
    const start = clock.now()
    const positions: number[] = []
    for (const _ of range(0, 9)) {
      positions.push(...(await publish('t', 3)))
      await clock.advance(100)
    }
    const before = (ms: number) => store.locate(new Date(start + ms))
    expect(await before(-1)).toBe(0)
    expect(await before(0)).toBe(0)
    expect(await before(1)).toBe(positions[2])
    expect(await before(100)).toBe(positions[2])
    expect(await before(101)).toBe(positions[5])
    expect(await before(450)).toBe(positions[14])
    expect(await before(1_000_000)).toBe(positions[29])
    expect(await before(-1e12)).toBe(0)
    expect(await store.locate('now')).toBe(positions[29])
  })

  promised('before the beginning is before the first event that is left', async ({ store, publish }) => {
    const positions = await publish('t', 10)
    expect(await store.locate('beginning')).toBeLessThan(positions[0]!)
    await store.commit({ trims: [{ kind: 'oldest', topic: 't', through: positions[4]!, limit: 100 }] })
    const after = await store.locate('beginning')
    const { records } = await store.readLog({ after, limit: 1 })
    expect(records[0]!.position).toBe(positions[5])
    expect(await store.locate(new Date(0))).toBeLessThan(positions[5]!)
  })

  promised('a wall clock that goes back takes no event from where it stands', async ({ store, clock, publish }) => {
    const [first] = await publish('t')
    clock.jump(-3_600_000)
    const [second, last] = await publish('t', 2)
    await clock.advance(10)
    expect(second).toBeGreaterThan(first!)
    expect(await store.locate(new Date(clock.now() + 7_200_000))).toBe(last)
    expect(await store.locate(new Date(clock.now() - 7_200_000))).toBe(0)
    const after = await store.locate(new Date(clock.now() + 1_800_000))
    expect(after, 'the first one was appended later than that').toBeLessThan(first!)
  })
}
