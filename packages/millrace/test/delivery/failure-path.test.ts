import { join } from 'node:path'
import { eventually, simulatedClock } from '@millrace/testing'
import { defineEvent, type ErrorAction, fixed, immediate, refuse, service } from 'millrace'
import type { Store } from 'millrace/engine'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Noted, Ordered } from '../app/contracts.ts'
import { type Started, start } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'

const pending = (store: Store) => store.readKept({ subscription: 's', state: 'pending', limit: 100 })
const dead = (store: Store) => store.readKept({ subscription: 's', state: 'dead', limit: 100 })
const state = async ({ app }: Started) => (await app.inspect()).subscriptions.find(({ name }) => name === 's')!

/** A service that fails on the number 1 until `mended`, and does with it what `action` says. */
async function failingOnOne(action: ErrorAction) {
  const handled: number[] = []
  const it = { mended: false }
  const s = service('s').on(
    Ordered,
    ({ data: { n } }) => {
      handled.push(n)
      if (n === 1 && !it.mended) throw new Error('one is bad')
    },
    { onError: () => action, retry: fixed({ attempts: 3, delayMs: 1_000 }) },
  )
  const started = await start({ services: [s] })
  return { ...started, handled, it }
}

describe('onError decides by the error', () => {
  test('discard: done with and counted, and the key goes on', async () => {
    const started = await failingOnOne('discard')
    for (const n of [1, 2]) await started.app.publish(Ordered, { key: 'a', n })
    await started.app.idle()
    expect(started.handled).toEqual([1, 2])
    expect(await state(started)).toMatchObject({ settled: { discarded: 1, handled: 1 }, dead: 0, parked: 0 })
  })

  test('dead-letter: no retry, and the key goes on', async () => {
    const started = await failingOnOne('dead-letter')
    for (const n of [1, 2]) await started.app.publish(Ordered, { key: 'a', n })
    await started.app.idle()
    expect(started.handled).toEqual([1, 2])
    expect(await dead(started.store)).toMatchObject([
      { reason: 'fatal', attempts: 1, history: [{ message: 'one is bad' }] },
    ])
  })

  test('hold: the delivery and its key wait for an operator, other keys go on', async () => {
    const { app, clock, store, handled, it } = await failingOnOne('hold')
    for (const [key, n] of [
      ['a', 1],
      ['a', 2],
      ['b', 3],
      ['a', 4],
    ] as const)
      await app.publish(Ordered, { key, n })
    await eventually(async () => (await pending(store)).length === 3)
    await clock.advance(3_600_000)
    expect(handled).toEqual([1, 3])
    expect((await pending(store)).map(({ state, reason, dueMs }) => [state, reason, dueMs])).toEqual([
      ['parked', 'held', null],
      ['waiting', 'behind', null],
      ['waiting', 'behind', null],
    ])

    it.mended = true
    const [held] = await pending(store)
    await store.commit({ subscriptions: [{ kind: 'release', name: 's', positions: [held!.position] }] })
    await eventually(() => handled.length === 5)
    expect(handled).toEqual([1, 3, 1, 2, 4])
  })

  test('pause: nothing more is handled until an operator resumes', async () => {
    const started = await failingOnOne('pause')
    const { app, clock, store, handled, it } = started
    for (const [key, n] of [
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ] as const)
      await app.publish(Ordered, { key, n })
    await eventually(async () => (await state(started)).paused !== null)
    await app.publish(Ordered, { key: 'c', n: 4 })
    await clock.advance(3_600_000)
    const before = handled.length
    expect((await state(started)).paused).toBe('by an error: one is bad')
    expect(app.health()).toMatchObject({ status: 'degraded', services: [{ name: 's', phase: 'paused' }] })

    await store.commit({ subscriptions: [{ kind: 'resume', name: 's' }] })
    await eventually(async () => (await state(started)).paused !== null && handled.length > before)
    it.mended = true
    await store.commit({ subscriptions: [{ kind: 'resume', name: 's' }] })
    await eventually(async () => (await state(started)).settled.handled === 4)
    expect(app.health().status).toBe('up')
    expect(handled.filter((n) => n !== 1 && n !== 3 && n !== 4)).toEqual([2])
  })

  test('undefined: the retry policy decides, and then the dead-letter queue', async () => {
    const started = await failingOnOne(undefined as never)
    await started.app.publish(Ordered, { key: 'a', n: 1 })
    await eventually(async () => {
      await started.clock.advance(1_000)
      return (await dead(started.store)).length === 1
    })
    expect(started.handled).toEqual([1, 1, 1])
  })

  test('a policy that throws decides nothing by accident: the delivery is kept, and the error is told', async () => {
    const s = service('s').on(
      Noted,
      () => {
        throw new Error('one')
      },
      {
        onError: () => {
          throw new Error('two')
        },
      },
    )
    const { app, store, logged } = await start({ services: [s] })
    await app.publish(Noted, { n: 1 })
    await app.idle()
    expect(await dead(store)).toMatchObject([{ reason: 'fatal', history: [{ message: 'one' }] }])
    expect(logged.find(({ message }) => message === 'The failure policy of a handler threw')).toMatchObject({
      level: 'error',
      fields: { error: { message: 'two' } },
    })
  })

  test('a refusal is an answer: no retry and no dead letter', async () => {
    const s = service('s').on(Noted, () => refuse('not now'))
    const started = await start({ services: [s] })
    await started.app.publish(Noted, { n: 1 })
    await started.app.idle()
    expect(await state(started)).toMatchObject({ settled: { refused: 1 }, dead: 0, parked: 0 })
  })
})

describe('pause with a probe: a circuit breaker', () => {
  const probing = { action: 'pause', probeAfterMs: 5_000 } as const

  test('one delivery is tried after each interval; when it succeeds everything goes on', async () => {
    const started = await failingOnOne(probing)
    const { app, clock, handled, it } = started
    for (const [key, n] of [
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ] as const)
      await app.publish(Ordered, { key, n })
    await eventually(async () => (await state(started)).paused !== null)
    const before = handled.filter((n) => n !== 1)
    await clock.advance(4_999)
    expect(handled.filter((n) => n === 1)).toHaveLength(1)
    await clock.advance(1)
    await eventually(() => handled.filter((n) => n === 1).length === 2)
    await clock.advance(4_999)
    expect(handled.filter((n) => n !== 1)).toEqual(before)
    expect((await state(started)).paused).toBe('by an error, position 1 is tried again every 5000 ms: one is bad')

    it.mended = true
    await clock.advance(1)
    await eventually(async () => (await state(started)).settled.handled === 3)
    expect((await state(started)).paused).toBeNull()
    expect(handled.filter((n) => n === 1)).toHaveLength(3)
    expect(app.health().status).toBe('up')
  })

  test('goes on probing after a restart', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const clock = simulatedClock()
    let mended = false
    const s = service('s').on(
      Noted,
      () => {
        if (!mended) throw new Error('down')
      },
      { onError: () => probing },
    )
    const first = await start({ path, clock, services: [s] })
    await first.app.publish(Noted, { n: 1 })
    await eventually(async () => (await state(first)).paused !== null)
    await first.app.stop()

    mended = true
    const second = await start({ path, clock, services: [s] })
    expect(second.app.health()).toMatchObject({ services: [{ phase: 'paused' }] })
    await clock.advance(5_000)
    await eventually(async () => (await state(second)).settled.handled === 1)
    expect((await state(second)).paused).toBeNull()
  })

  test('leaves a pause by an operator alone', async () => {
    const started = await failingOnOne(probing)
    const { app, clock, store, handled, it } = started
    await app.publish(Ordered, { key: 'a', n: 1 })
    await eventually(async () => (await state(started)).paused !== null)
    await store.commit({ subscriptions: [{ kind: 'pause', name: 's', reason: 'maintenance' }] })
    it.mended = true
    await clock.advance(60_000)
    expect(handled).toEqual([1])
    expect((await state(started)).paused).toBe('maintenance')
  })

  test('probes on when the delivery fails in another way', async () => {
    let error = 'down'
    const s = service('s').on(
      Noted,
      () => {
        if (error !== '') throw new Error(error)
      },
      {
        onError: (caught) => ((caught as Error).message === 'down' ? probing : 'retry'),
        retry: immediate({ attempts: 99 }),
      },
    )
    const started = await start({ services: [s] })
    await started.app.publish(Noted, { n: 1 })
    await eventually(async () => (await state(started)).paused !== null)
    error = 'odd'
    await started.clock.advance(5_000)
    await eventually(async () => (await pending(started.store))[0]?.attempts === 2)
    error = ''
    await started.clock.advance(5_000)
    await eventually(async () => (await state(started)).settled.handled === 1)
  })
})

describe('what cannot be handled as it is', () => {
  test('data that does not fit its contract is dead-lettered as invalid, its neighbours are handled', async () => {
    const handled: number[] = []
    const s = service('s').on(Ordered, ({ data }) => void handled.push(data.n))
    const { app, store } = await start({ contracts: [Ordered] })
    const header = { topic: Ordered.topic, type: Ordered.name, version: 1, source: '/elsewhere' }
    const event = { header, key: 'a', timeMs: 0, expiresMs: null, attributes: null }
    await app.publish(Ordered, { key: 'a', n: 1 })
    await store.commit({
      append: [
        { event: { ...event, id: 'misfit', data: '{"key":"a","n":"two"}' } },
        { event: { ...event, id: 'empty', data: null } },
      ],
    })
    await app.publish(Ordered, { key: 'a', n: 4 })
    await app.subscribe(s)
    await app.idle()
    expect(handled).toEqual([1, 4])
    expect((await dead(store)).map(({ event, reason, history }) => [event.id, reason, history[0]!.code])).toEqual([
      ['misfit', 'invalid', 'DATA_INVALID'],
      ['empty', 'invalid', 'DATA_INVALID'],
    ])
    expect((await dead(store))[0]!.history[0]!.message).toContain("'n'")
  })

  const version = (n: number) =>
    defineEvent('test.versioned', {
      schema: z.object({ n: z.number() }),
      key: () => 'a',
      version: n,
      upcast: Object.fromEntries(Array.from({ length: n - 1 }, (_, from) => [from + 1, (data: unknown) => data])),
    })

  test('an event of a newer version is parked with its key behind it, until the contract is there', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const handled: string[] = []
    const old = service('s').on(version(1), ({ data }) => void handled.push(`old ${data.n}`))
    const first = await start({ path, services: [old] })
    const header = { topic: 'test.versioned', type: 'test.versioned', source: '/elsewhere' }
    const event = { key: 'a', timeMs: 0, expiresMs: null, attributes: null }
    await first.store.commit({
      append: [
        { event: { ...event, header: { ...header, version: 1 }, id: '1', data: '{"n":1}' } },
        { event: { ...event, header: { ...header, version: 2 }, id: '2', data: '{"n":2}' } },
        { event: { ...event, header: { ...header, version: 1 }, id: '3', data: '{"n":3}' } },
      ],
    })
    await eventually(async () => (await pending(first.store)).length === 2)
    await first.clock.advance(60_000)
    expect(handled).toEqual(['old 1'])
    expect((await pending(first.store)).map(({ reason, dueMs }) => [reason, dueMs])).toEqual([
      ['newer-version', null],
      ['behind', null],
    ])
    await first.app.stop()

    const again = await start({ path, services: [old] })
    await again.clock.advance(1_000)
    expect(await pending(again.store)).toHaveLength(2)
    await again.app.stop()

    const current = service('s').on(version(2), ({ data }) => void handled.push(`new ${data.n}`))
    const second = await start({ path, services: [current] })
    await eventually(async () => (await state(second)).settled.handled === 3)
    expect(handled).toEqual(['old 1', 'new 2', 'new 3'])
    expect(await dead(second.store)).toEqual([])
  })
})
