import { eventually } from '@millrace/testing'
import { expect, test } from 'vitest'
import type { Trim } from '../../src/store/index.ts'
import type { OpenEngine } from '../../src/transport/index.ts'
import { event, openEngine, subscribed } from './engine.ts'

// What is done in bounded steps, over a log longer than a step.

/** Appends events in units of 1,000; the topic of each, and its key, by its number. */
async function fill(
  { store }: OpenEngine,
  count: number,
  topicOf: (n: number) => string,
  keyOf = (_: number): string | null => null,
): Promise<void> {
  const units: Promise<unknown>[] = []
  for (let from = 0; from < count; from += 1_000) {
    const append = Array.from({ length: Math.min(1_000, count - from) }, (_, n) => ({
      event: event(topicOf(from + n), { key: keyOf(from + n) }),
    }))
    units.push(store.commit({ append }))
  }
  await Promise.all(units)
}

const ack = (epoch: number, positions: readonly number[]) => ({
  settle: positions.map((position) => ({
    subscription: 's',
    epoch,
    position,
    kept: false,
    outcome: { kind: 'ack', reason: 'handled' } as const,
  })),
})

test('rare events are found far ahead, and those that look for them do not hold up the event loop', async () => {
  const engine = await openEngine()
  await fill(engine, 130_000, (n) => (n === 129_000 ? 'rare' : 'noise'))
  let after = 0
  let calls = 0
  const found: number[] = []
  while (after < 130_000) {
    const page = await engine.store.readLog({ after, topics: ['rare'], limit: 10 })
    found.push(...page.records.map(({ position }) => position))
    expect(page.scannedTo).toBeGreaterThan(after)
    after = page.scannedTo
    calls++
  }
  expect(found).toEqual([129_001])
  expect(calls).toBeGreaterThan(3)

  const epoch = await subscribed(engine, 's', ['rare'])
  const got = Promise.withResolvers<number>()
  await engine.log.subscribe({ name: 's', topics: ['rare'], epoch, window: 10 }, async ([first]) =>
    got.resolve(first!.position),
  )
  expect(await got.promise).toBe(129_001)
})

test('the lag is exact while the log grows, is settled, trimmed and handled again', async () => {
  const engine = await openEngine()
  const { store } = engine
  const topicOf = (n: number): string => (n % 4 === 0 ? 'other' : 't')
  const epoch = await subscribed(engine, 's', ['t'])
  await fill(engine, 120_000, topicOf)
  let handed = 0
  const consumer = await engine.log.subscribe({ name: 's', topics: ['t'], epoch, window: 200_000 }, async (batch) => {
    handed += batch.length
  })
  await eventually(() => handed === 90_000)
  const lag = async () => (await store.inspect()).subscriptions[0]!.lag
  const own = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => from + n).filter((n) => topicOf(n) === 't')
  expect(await lag()).toBe(90_000)
  expect((await store.readSubscription('s', 1_000))!.lag).toBe(1_000)

  // Positions count from 1.
  const settle = async (from: number, to: number) =>
    store.commit(
      ack(
        epoch,
        own(from, to).map((n) => n + 1),
      ),
    )
  await settle(0, 60_000)
  expect(await lag()).toBe(45_000)
  await settle(100_000, 101_000)
  expect(await lag()).toBe(44_250)
  await fill(engine, 60_000, topicOf)
  expect(await lag()).toBe(89_250)
  expect(await lag()).toBe(89_250)

  const trim: Trim = { kind: 'oldest', topic: 't', through: 60_000, limit: 40_000 }
  const { trimmed } = await store.commit({ trims: [trim] })
  expect(trimmed).toBeGreaterThan(30_000)
  expect(await lag()).toBe(89_250)
  await settle(60_000, 100_000)
  expect(await lag()).toBe(59_250)
  await consumer.close()
  await store.commit({ subscriptions: [{ kind: 'rewind', name: 's', to: 'beginning' }] })
  expect(await lag()).toBe(135_000 - trimmed)
  await store.commit({ subscriptions: [{ kind: 'ensure', name: 's', topics: ['**'], from: 'now' }] })
  expect(await lag()).toBe(180_000 - trimmed)
})

test('retention reaches the events of a rare topic in several steps, and looks at nothing twice', async () => {
  const engine = await openEngine()
  const { store } = engine
  await fill(engine, 120_000, (n) => (n >= 110_000 && n < 110_010 ? 'rare' : 'noise'))
  const trim = { kind: 'oldest', topic: 'rare', through: Number.MAX_SAFE_INTEGER, limit: 100 } as const
  const trimmed: number[] = []
  while (trimmed.at(-1) !== 10 && trimmed.length < 10) trimmed.push((await store.commit({ trims: [trim] })).trimmed)
  expect(trimmed).toEqual([0, 0, 10])
  expect((await store.inspect()).topics).toMatchObject([
    { name: 'noise', events: 119_990 },
    { name: 'rare', events: 0, bytes: 0, appended: 10 },
  ])
})

test('compaction comes to the newest event of each key, in several steps, as the log grows', async () => {
  const engine = await openEngine()
  const { store } = engine
  const keyOf = (n: number): string => `k${n % 700}`
  await fill(engine, 120_000, () => 't', keyOf)
  const trim = { kind: 'superseded', topic: 't', through: Number.MAX_SAFE_INTEGER, limit: 50_000 } as const
  const compact = async (): Promise<void> => {
    for (let calls = 0; calls < 10; calls++) await store.commit({ trims: [trim] })
  }
  const left = async () => {
    const { records } = await store.readLog({ after: 0, limit: 10_000 })
    return records.map((record) => record.position)
  }
  await compact()
  expect(await left()).toEqual(Array.from({ length: 700 }, (_, n) => 119_301 + n))
  await fill(engine, 500, () => 't', keyOf)
  await compact()
  expect(await left()).toEqual(Array.from({ length: 700 }, (_, n) => (n < 200 ? 119_501 + n : 119_801 + n)))
  expect((await store.inspect()).topics).toMatchObject([{ name: 't', events: 700, appended: 120_500 }])
})

test('a place in the log is found by time, also where most of it was deleted', async () => {
  const engine = await openEngine()
  const { store } = engine
  await fill(engine, 60_000, (n) => (n % 10_000 === 0 ? 'kept' : 't'))
  for (let calls = 0; calls < 3; calls++) {
    await store.commit({ trims: [{ kind: 'oldest', topic: 't', through: 59_999, limit: 100_000 }] })
  }
  const { records } = await store.readLog({ after: 0, limit: 100 })
  expect(records.map(({ position }) => position)).toEqual([1, 10_001, 20_001, 30_001, 40_001, 50_001, 60_000])
  for (const { appendedMs } of records) {
    const after = await store.locate(new Date(appendedMs))
    const first = records.find((record) => record.appendedMs >= appendedMs)!
    expect((await store.readLog({ after, limit: 1 })).records[0]!.position).toBe(first.position)
  }
  expect(await store.locate(new Date(8e15))).toBe(60_000)
})
