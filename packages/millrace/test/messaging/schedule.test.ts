import { join } from 'node:path'
import { eventually, simulatedClock } from '@millrace/testing'
import { defineEvent, message, service } from 'millrace'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Noted, Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'

/** An application that notes when it handled what. */
async function noting(path = ':memory:', clock = simulatedClock()) {
  const handled: { n: number; at: number }[] = []
  const noting = service('noting').on(Noted, ({ data }) => void handled.push({ n: data.n, at: clock.now() }))
  return { ...(await start({ path, clock, services: [noting] })), handled }
}

describe('a scheduled message', () => {
  test('is published when it is due and not earlier, by a time or after a delay', async () => {
    const { app, clock, handled } = await noting()
    const began = clock.now()
    await app.publish(Noted, { n: 1 }, { at: new Date(began + 1_500) })
    await app.publish(Noted, { n: 2 }, { afterMs: 500 })
    await app.publish(Noted, { n: 3 }, { at: new Date(began - 1) })
    await eventually(() => handled.length === 1)
    await clock.advance(499)
    expect(handled.map(({ n }) => n)).toEqual([3])
    await clock.advance(1)
    await eventually(() => handled.length === 2)
    await clock.advance(999)
    expect(handled).toHaveLength(2)
    await clock.advance(1)
    await eventually(() => handled.length === 3)
    expect(handled.map(({ n, at }) => [n, at - began])).toEqual([
      [3, 0],
      [2, 500],
      [1, 1_500],
    ])
  })

  test('is not published along with one that is due a millisecond before it', async () => {
    const { app, clock, handled } = await noting()
    await app.publish(Noted, { n: 1 }, { afterMs: 1_000 })
    await app.publish(Noted, { n: 2 }, { afterMs: 1_001 })
    await clock.advance(1_000)
    await eventually(() => handled.length === 1)
    expect((await app.schedule.list()).map(({ dueAt }) => dueAt.getTime())).toEqual([clock.now() + 1])
    await clock.advance(1)
    await eventually(() => handled.length === 2)
    expect(handled.map(({ n }) => n)).toEqual([1, 2])
  })

  test('has the time at which it is due as its own, and its expiry counts from there', async () => {
    const Brief = defineEvent('test.brief', { schema: z.object({}), ttlMs: 1_000 })
    const times: (string | undefined)[] = []
    const s = service('s').on(Brief, ({ time, expirytime }) => void times.push(time, expirytime))
    const { app, clock } = await start({ services: [s] })
    const began = clock.now()
    await app.publish(Brief, {}, { afterMs: 60_000 })
    await eventually(async () => {
      await clock.advance(60_000)
      return times.length === 2
    })
    expect(times).toEqual([new Date(began + 60_000).toISOString(), new Date(began + 61_000).toISOString()])
    await expect(
      app.publish(Brief, {}, { afterMs: 60_000, expiresAt: new Date(clock.now() + 60_000) }),
    ).rejects.toMatchObject({ code: 'EVENT_EXPIRED' })
  })

  test('is listed in the order of time, and cancelled once', async () => {
    const { app, clock, handled } = await noting()
    const late = await app.publish(Noted, { n: 1 }, { afterMs: 2_000 })
    const soon = await app.publish(Noted, { n: 2 }, { afterMs: 1_000, id: 'soon' })
    expect(late).toEqual({ id: expect.any(String), position: 0, duplicate: false })
    expect(await app.schedule.list()).toEqual([
      { id: 'soon', dueAt: new Date(clock.now() + 1_000), type: Noted.name, topic: Noted.topic },
      { id: late.id, dueAt: new Date(clock.now() + 2_000), type: Noted.name, topic: Noted.topic },
    ])
    expect(await app.schedule.list(1)).toHaveLength(1)
    expect(await app.schedule.cancel(late.id)).toBe(true)
    expect(await app.schedule.cancel(late.id)).toBe(false)
    expect(await app.schedule.cancel('never was')).toBe(false)
    await clock.advance(5_000)
    await eventually(() => handled.length === 1)
    expect(handled[0]!.n).toBe(2)
    expect(await app.schedule.cancel(soon.id)).toBe(false)
    expect(await app.schedule.list()).toEqual([])
  })

  test('is put off by the same id', async () => {
    const { app, clock, handled } = await noting()
    await app.publish(Noted, { n: 1 }, { afterMs: 1_000, id: 'x' })
    await app.publish(Noted, { n: 2 }, { afterMs: 2_000, id: 'x' })
    await clock.advance(1_500)
    expect(handled).toEqual([])
    await clock.advance(500)
    await eventually(() => handled.length === 1)
    expect(handled[0]!.n).toBe(2)
  })

  test('has a chosen id of its own in each topic', async () => {
    const { app, clock, handled } = await noting()
    await app.publish(Noted, { n: 1 }, { afterMs: 1_000, id: 'x' })
    await app.publish(Ordered, { key: 'k', n: 2 }, { afterMs: 1_000, id: 'x' })
    expect(await app.schedule.list()).toHaveLength(2)
    expect(await app.schedule.cancel('x', Ordered)).toBe(true)
    await clock.advance(1_000)
    await eventually(() => handled.length === 1)
  })

  test('from a handler commits with its unit, and one in the past is published at once', async () => {
    const done: number[] = []
    const s = service('s')
      .on(
        Ordered,
        ({ data: { n } }, { publish, attempt }) => {
          publish(Noted, { n }, { afterMs: n })
          if (attempt === 1) throw new Error('once')
        },
        { retry: () => ({ delayMs: 0 }) },
      )
      .on(Noted, ({ data }) => void done.push(data.n))
    const { app, clock } = await start({ services: [s] })
    await app.publish(Ordered, { key: 'a', n: 0 })
    await app.publish(Ordered, { key: 'a', n: 100 })
    await eventually(() => done.length === 1)
    await clock.advance(100)
    await eventually(() => done.length === 2)
    await clock.advance(1_000)
    expect(done).toEqual([0, 100])
  })
})

describe('the clock', () => {
  test('stands still over a restart: what was due in between is published at the start, once', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const clock = simulatedClock()
    const first = await noting(path, clock)
    await first.app.publishAll([1, 2, 3].map((n) => message(Noted, { n }, { afterMs: n * 1_000 })))
    await clock.advance(1_000)
    await eventually(() => first.handled.length === 1)
    await first.app.stop()
    clock.jump(1_000)
    const second = await noting(path, clock)
    await eventually(() => second.handled.length === 1)
    await clock.advance(999)
    expect(second.handled.map(({ n }) => n)).toEqual([2])
    await clock.advance(1)
    await eventually(() => second.handled.length === 2)
    expect(second.handled.map(({ n }) => n)).toEqual([2, 3])
  })

  test('jumps forwards: it is noticed within a second', async () => {
    const { app, clock, handled } = await noting()
    await app.publish(Noted, { n: 1 }, { afterMs: 3_600_000 })
    await clock.advance(500)
    clock.jump(3_600_000)
    await clock.advance(1_000)
    await eventually(() => handled.length === 1)
  })

  test('jumps backwards: nothing is early by the wall clock', async () => {
    const { app, clock, handled } = await noting()
    const due = clock.now() + 10_000
    await app.publish(Noted, { n: 1 }, { at: new Date(due) })
    await clock.advance(5_000)
    clock.jump(-5_000)
    await clock.advance(9_999)
    expect(handled).toEqual([])
    await clock.advance(1_001)
    await eventually(() => handled.length === 1)
    expect(handled[0]!.at).toBeGreaterThanOrEqual(due)
  })
})

test('two applications on one store: each message fires once', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const clock = simulatedClock()
  const first = await noting(path, clock)
  await start({ path, clock, contracts: [Noted] })
  await start({ path, clock, contracts: [Noted] })
  await first.app.publishAll(
    Array.from({ length: 2_000 }, (_, n) => message(Noted, { n }, { afterMs: 1_000 + (n % 3) })),
  )
  await eventually(
    async () => {
      await clock.advance(100)
      return first.handled.length >= 2_000
    },
    { timeoutMs: 10_000 },
  )
  await first.app.idle()
  expect(first.handled.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 2_000 }, (_, n) => n))
})

test('a burst of 20,000 for the same moment is published in parts', async () => {
  const parts: number[] = []
  const { app, clock, store, handled } = await noting()
  await app.publishAll(Array.from({ length: 20_000 }, (_, n) => message(Noted, { n }, { afterMs: 1_000 })))
  expect((await app.inspect()).timers).toBe(20_000)
  let head = 0
  store.onCommit((change) => {
    if (change.head > head) parts.push(change.head - head)
    head = change.head
  })
  await clock.advance(1_000)
  await eventually(() => handled.length === 20_000, { timeoutMs: 15_000 })
  expect((await app.inspect()).timers).toBe(0)
  expect(Math.max(...parts)).toBeLessThanOrEqual(2_000)
})
