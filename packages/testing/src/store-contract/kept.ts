import type { Failure } from 'millrace/engine'
import { expect } from 'vitest'
import { handling } from './deliveries.ts'
import type { Promised } from './fixture.ts'
import { range } from './reading.ts'

const failure: Failure = { atMs: 5, code: 'E_X', name: 'TypeError', message: 'Schlüssel 😀', stack: 'at a\nat b' }

/** Deliveries that are kept apart from the log: parked, waiting, under trial, dead. */
export function keptPromises(promised: Promised): void {
  promised('a parked delivery is off the log, and kept whole until it is due', async (fixture) => {
    const { store, clock, event } = fixture
    const s = await handling(fixture)
    const whole = event('t', { key: 'k', data: '{ "a": 1 }', attributes: '{"x":"y"}', expiresMs: 9e15, version: 3 })
    const { appended } = await store.commit({ append: [{ event: whole }] })
    const { position } = appended[0]!
    const dueMs = clock.now() + 500
    const state = { attempts: 3, deaths: 2, reason: 'retry', history: [failure, failure], orderKey: 'k' } as const
    await s.keep(position, 'park', { event: whole, dueMs, ...state })
    expect(await store.readSubscription('s')).toMatchObject({ floor: position, lag: 0, pending: 1 })
    expect(await s.read('pending')).toEqual([
      { subscription: 's', position, state: 'parked', dueMs, keptMs: clock.now(), event: whole, ...state },
    ])
    expect(await s.read('due')).toEqual([])
    await clock.advance(501)
    expect(await s.positions('due')).toEqual([position])
    await s.ack([position], 'handled', true)
    expect(await s.read('pending')).toEqual([])
    expect(await store.readSubscription('s')).toMatchObject({ lag: 0, pending: 0 })
  })

  promised('a delivery that is parked again keeps its place, with what is new about it', async (fixture) => {
    const { clock } = fixture
    const s = await handling(fixture)
    const [position] = await fixture.publish('t', 1, { key: 'k' })
    await s.keep(position!, 'park')
    for (const attempts of range(2, 4)) {
      const history = range(1, attempts).map((atMs) => ({ ...failure, atMs }))
      await s.keep(position!, 'park', { isKept: true, dueMs: clock.now() + 100, attempts, history })
      expect(await s.read('pending')).toMatchObject([{ position, state: 'parked', attempts, history }])
      expect(await s.read('due')).toEqual([])
      await clock.advance(101)
      expect(await s.positions('due')).toEqual([position])
    }
  })

  promised('parked without a time it is never due', async (fixture) => {
    const s = await handling(fixture)
    const [position] = await fixture.publish('t')
    await s.keep(position!, 'park', { dueMs: null, reason: 'held' })
    expect(await s.read('due', { dueBeforeMs: Number.MAX_SAFE_INTEGER })).toEqual([])
    expect(await s.read('pending')).toMatchObject([{ position, state: 'parked', dueMs: null, reason: 'held' }])
  })

  promised('those behind in their key wait, and are due one by one, in order', async (fixture) => {
    const { clock } = fixture
    const s = await handling(fixture)
    const [a, b, c, d] = await fixture.publish('t', 4, { key: 'k' })
    await s.keep(a!, 'park', { dueMs: clock.now() + 1_000 })
    for (const position of [b!, c!, d!]) await s.keep(position, 'wait', { attempts: 0, reason: 'behind' })
    expect((await s.read('pending')).map(({ state }) => state)).toEqual(['parked', 'waiting', 'waiting', 'waiting'])
    expect(await s.read('due', { dueBeforeMs: clock.now() + 999 })).toEqual([])
    await clock.advance(1_001)
    for (const [n, position] of [a!, b!, c!, d!].entries()) {
      expect(await s.positions('due'), `number ${n}`).toEqual([position])
      await s.ack([position], 'handled', true)
    }
    expect(await s.read('pending')).toEqual([])
  })

  promised('the next of a key goes on whichever way the one before it ended', async (fixture) => {
    const { store } = fixture
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 4, { key: 'k' })
    const [a, b, c, d] = positions
    await s.keep(a!, 'park')
    for (const position of [b!, c!, d!]) await s.keep(position, 'wait')
    await s.ack([a!], 'expired', true)
    expect(await s.positions('due')).toEqual([b])
    await s.keep(b!, 'dead', { isKept: true, reason: 'exhausted' })
    expect(await s.positions('due')).toEqual([c])
    await store.commit({ subscriptions: [{ kind: 'discard', name: 's', positions: [c!] }] })
    expect(await s.positions('due')).toEqual([d])
    expect(await s.positions('dead')).toEqual([b])
  })

  promised('a failing one goes on holding up those behind it', async (fixture) => {
    const { clock } = fixture
    const s = await handling(fixture)
    const [a, b] = await fixture.publish('t', 2, { key: 'k' })
    await s.keep(a!, 'park')
    await s.keep(b!, 'wait')
    await s.keep(a!, 'try', { isKept: true, reason: 'trial' })
    expect(await s.positions('due')).not.toContain(b)
    await s.keep(a!, 'park', { isKept: true, dueMs: clock.now() + 100, attempts: 2 })
    await clock.advance(50)
    expect(await s.read('due')).toEqual([])
    await clock.advance(51)
    expect(await s.positions('due')).toEqual([a])
  })

  promised('keys do not hold each other up, and without a key nothing waits', async (fixture) => {
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 6)
    const keys = ['x', 'y', 'x', 'y', null, null]
    for (const [n, position] of positions.entries()) {
      await s.keep(position, keys[n] !== null && n >= 2 ? 'wait' : 'park', { orderKey: keys[n]! })
    }
    const [x1, y1, x2, y2, free1, free2] = positions
    expect((await s.positions('due')).toSorted((a, b) => a - b)).toEqual([x1, y1, free1, free2])
    await s.ack([x1!], 'handled', true)
    expect((await s.positions('due')).toSorted((a, b) => a - b)).toEqual([y1, x2, free1, free2])
    await s.ack([free1!, y1!], 'handled', true)
    expect((await s.positions('due')).toSorted((a, b) => a - b)).toEqual([x2, y2, free2])
  })

  promised('a key of one subscription does not hold up that of another', async (fixture) => {
    const one = await handling(fixture, { name: 'one' })
    const two = await handling(fixture, { name: 'two' })
    const [a, b] = await fixture.publish('t', 2, { key: 'k' })
    for (const s of [one, two]) {
      await s.keep(a!, 'park', { orderKey: 'k' })
      await s.keep(b!, 'wait', { orderKey: 'k' })
    }
    await one.ack([a!], 'handled', true)
    expect(await one.positions('due')).toEqual([b])
    expect(await two.positions('due')).toEqual([a])
  })

  promised('one that must wait for nothing any more is due at once', async (fixture) => {
    const { store } = fixture
    const s = await handling(fixture)
    const [a, b] = await fixture.publish('t', 2, { key: 'k' })
    await s.keep(a!, 'park')
    const [event] = (await s.read('pending')).map((delivery) => delivery.event)
    // Both are under way at once: the one before it is done with when the waiting is committed.
    await Promise.all([
      s.ack([a!], 'handled', true),
      store.commit({
        settle: [
          s.settlement(b!, {
            kind: 'wait',
            delivery: { event: event!, orderKey: 'k', attempts: 0, deaths: 0, reason: 'behind', history: [] },
          }),
        ],
      }),
    ])
    expect(await s.positions('due')).toEqual([b])
  })

  promised('one that is done with in the unit that lets the next wait lets it go on', async (fixture) => {
    const s = await handling(fixture)
    const [a, b] = await fixture.publish('t', 2, { key: 'k' })
    await s.keep(a!, 'park')
    const delivery = (await s.read('pending'))[0]!
    await fixture.store.commit({
      settle: [
        s.settlement(a!, { kind: 'ack', reason: 'handled' }, true),
        s.settlement(b!, {
          kind: 'wait',
          delivery: { event: delivery.event, orderKey: 'k', attempts: 0, deaths: 0, reason: 'behind', history: [] },
        }),
      ],
    })
    expect(await s.positions('due')).toEqual([b])
  })

  promised('one under trial is found by whoever comes after a crash', async (fixture) => {
    const s = await handling(fixture)
    const [a, b] = await fixture.publish('t', 2, { key: 'k' })
    await s.keep(a!, 'try', { reason: 'trial', attempts: 0 })
    await s.keep(b!, 'wait', { reason: 'behind', attempts: 0 })
    expect(await fixture.store.readSubscription('s')).toMatchObject({ lag: 0, pending: 2 })
    await fixture.reopen()
    await fixture.clock.advance(1)
    const [found, ...others] = await s.read('due')
    expect(found).toMatchObject({ position: a, state: 'trying', reason: 'trial' })
    expect(others).toEqual([])
    await s.keep(a!, 'dead', { isKept: true, reason: 'poison', deaths: 3 })
    expect(await s.positions('due')).toEqual([b])
    expect(await s.read('dead')).toMatchObject([{ position: a, deaths: 3, reason: 'poison' }])
  })

  promised('a dead letter keeps everything that is known about it', async (fixture) => {
    const { clock } = fixture
    const s = await handling(fixture)
    const [position] = await fixture.publish('t', 1, { key: 'k' })
    const history = range(1, 20).map((atMs) => ({ ...failure, atMs, code: null, stack: null }))
    await s.keep(position!, 'dead', { attempts: 20, reason: 'exhausted', history })
    await fixture.reopen()
    const dead = await s.read('dead')
    expect(dead).toMatchObject([{ position, state: 'dead', attempts: 20, reason: 'exhausted', history }])
    expect(dead[0]!.keptMs).toBe(clock.now())
    expect(await s.read('pending')).toEqual([])
    expect(await s.read('due', { dueBeforeMs: Number.MAX_SAFE_INTEGER })).toEqual([])
    const { subscriptions } = await fixture.store.inspect()
    expect(subscriptions).toMatchObject([{ parked: 0, waiting: 0, dead: 1, lag: 0 }])
  })

  promised('what is kept is counted by its state', async (fixture) => {
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 10)
    for (const [n, position] of positions.entries()) {
      if (n < 9)
        await s.keep(position, n < 2 ? 'park' : n < 5 ? 'wait' : 'dead', { orderKey: n < 5 ? `k${n % 2}` : null })
    }
    expect((await fixture.store.inspect()).subscriptions).toMatchObject([{ parked: 2, waiting: 3, dead: 4, lag: 1 }])
    expect((await fixture.store.readSubscription('s'))!.pending).toBe(5)
  })

  promised('what is kept is read page by page, and by key', async (fixture) => {
    const s = await handling(fixture)
    const positions = await fixture.publish('t', 30)
    for (const [n, position] of positions.entries()) await s.keep(position, 'dead', { orderKey: `k${n % 3}` })
    const pages: number[][] = []
    for (let after = 0; ; after = pages.at(-1)!.at(-1)!) {
      const page = await s.positions('dead', { after, limit: 7 })
      if (page.length === 0) break
      pages.push(page)
    }
    expect(pages.map((page) => page.length)).toEqual([7, 7, 7, 7, 2])
    expect(pages.flat()).toEqual(positions)
    expect(await s.positions('dead', { key: 'k1' })).toEqual(positions.filter((_, n) => n % 3 === 1))
    expect(await s.positions('dead', { key: 'k1', after: positions[4]!, limit: 2 })).toEqual([
      positions[7],
      positions[10],
    ])
    expect(await s.positions('dead', { key: 'none' })).toEqual([])
    expect(await s.positions('dead', { subscription: 'none' })).toEqual([])
  })
}
