import { join } from 'node:path'
import { eventually } from '@millrace/testing'
import { message, noRetry, service } from 'millrace'
import type { Store, SubscriptionWrite } from 'millrace/engine'
import { describe, expect, test } from 'vitest'
import { Ordered } from '../app/contracts.ts'
import { type Started, start } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'

const dead = (store: Store) => store.readKept({ subscription: 's', state: 'dead', limit: 1_000 })
const state = async ({ app }: Started) => (await app.inspect()).subscriptions.find(({ name }) => name === 's')!
const operate = (store: Store, write: Pick<SubscriptionWrite, 'kind'> & Record<string, unknown>) =>
  store.commit({ subscriptions: [{ name: 's', ...write } as SubscriptionWrite] })

/** Events 1 to 6 of the keys a and b by turns; those of `bad` are dead-lettered. */
async function withDead(bad: readonly number[], path = ':memory:') {
  const handled: number[] = []
  const it = { bad: new Set(bad) }
  const s = service('s').on(
    Ordered,
    ({ data: { n } }) => {
      handled.push(n)
      if (it.bad.has(n)) throw new Error(`${n} is bad`)
    },
    { retry: noRetry },
  )
  const started = await start({ services: [s], path })
  await started.app.publishAll([1, 2, 3, 4, 5, 6].map((n) => message(Ordered, { key: n % 2 === 1 ? 'a' : 'b', n })))
  await started.app.idle()
  await eventually(async () => (await dead(started.store)).length === bad.length)
  handled.length = 0
  return { ...started, handled, it, s }
}

describe('dead letters', () => {
  test('keep the event, the error with its stack, the attempts and their times', async () => {
    const { store, clock } = await withDead([3])
    const [letter] = await dead(store)
    expect(letter).toMatchObject({
      position: 3,
      state: 'dead',
      orderKey: 'a',
      reason: 'exhausted',
      attempts: 1,
      deaths: 0,
      keptMs: clock.now(),
      event: { header: { type: Ordered.name, topic: Ordered.topic, version: 1 }, key: 'a', data: '{"key":"a","n":3}' },
      history: [{ atMs: clock.now(), code: null, name: 'Error', message: '3 is bad' }],
    })
    expect(letter!.history[0]!.stack).toContain('dead-letters.test.ts')
  })

  test('do not hold up their key', async () => {
    const started = await withDead([1, 3])
    expect((await state(started)).settled).toEqual({ handled: 4 })
  })

  test('redriven: one', async () => {
    const { store, handled, it } = await withDead([1, 3, 5])
    it.bad.clear()
    await operate(store, { kind: 'redrive', positions: [3] })
    await eventually(async () => (await dead(store)).length === 2)
    await eventually(() => handled.length === 1)
    expect(handled).toEqual([3])
  })

  test('redriven: some or all, in order whatever the order in which they are named, attempts counted anew', async () => {
    const started = await withDead([1, 2, 3, 5, 6])
    const { store, handled, it } = started
    it.bad = new Set([3])
    await operate(store, { kind: 'redrive', positions: [6, 5, 3, 2, 1] })
    await eventually(async () => (await state(started)).settled.handled === 5)
    expect(handled.filter((n) => n % 2 === 1)).toEqual([1, 3, 5])
    expect(handled.filter((n) => n % 2 === 0)).toEqual([2, 6])
    expect(await dead(store)).toMatchObject([{ position: 3, attempts: 1, reason: 'exhausted' }])
  })

  test('redriven: events of the key that are published after that wait for it', async () => {
    const { app, store, handled, it } = await withDead([1])
    it.bad.clear()
    await operate(store, { kind: 'redrive', positions: [1] })
    await app.publish(Ordered, { key: 'a', n: 7 })
    await eventually(() => handled.length === 2)
    expect(handled).toEqual([1, 7])
  })

  test('edited, then redriven', async () => {
    const { store, handled, it } = await withDead([3])
    it.bad.add(33)
    await operate(store, { kind: 'edit', position: 3, data: '{"key":"a","n":30}' })
    await operate(store, { kind: 'redrive', positions: [3] })
    await eventually(() => handled.length === 1)
    expect(handled).toEqual([30])
  })

  test('discarded: gone, and counted', async () => {
    const started = await withDead([1, 3])
    await operate(started.store, { kind: 'discard', positions: [1] })
    expect((await dead(started.store)).map(({ position }) => position)).toEqual([3])
    expect((await state(started)).settled).toEqual({ handled: 4, discarded: 1 })
  })

  test('an expired one is handled when an operator redrives it', async () => {
    const handled: number[] = []
    const s = service('s').on(Ordered, ({ data }) => void handled.push(data.n), { expired: 'dead-letter' })
    const { app, clock, store } = await start({ contracts: [Ordered] })
    await app.publish(Ordered, { key: 'a', n: 1 }, { ttlMs: 1_000 })
    await clock.advance(1_000)
    await app.subscribe(s)
    await eventually(async () => (await dead(store)).length === 1)
    await operate(store, { kind: 'redrive', positions: [1] })
    await eventually(() => handled.length === 1)
    expect(await dead(store)).toEqual([])
  })

  test('survive a restart, and are redriven by an operator beside the application', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const first = await withDead([1, 3], path)
    await first.app.stop()
    const operator = await start({ path })
    first.it.bad.clear()
    const second = await start({ path, services: [first.s] })
    expect(await dead(second.store)).toHaveLength(2)
    await operate(operator.store, { kind: 'redrive', positions: [1, 3] })
    await eventually(async () => {
      // The other connection is seen by looking from time to time.
      await second.clock.advance(10)
      return first.handled.length === 2
    })
    expect(first.handled).toEqual([1, 3])
  })

  test('two thousand of one key are redriven, a part at a time', async () => {
    const started = await start({
      services: [
        service('s', { dispatch: 'concurrent', concurrency: 4 }).on(
          Ordered,
          async () => {
            await new Promise((resolve) => setImmediate(resolve))
            if (bad) throw new Error('bad')
          },
          { retry: noRetry },
        ),
      ],
    })
    let bad = true
    const count = 2_000
    await started.app.publishAll(Array.from({ length: count }, (_, n) => message(Ordered, { key: 'a', n })))
    await eventually(async () => (await state(started)).dead === count, { timeoutMs: 15_000 })
    bad = false
    const positions = Array.from({ length: count }, (_, index) => index + 1)
    await operate(started.store, { kind: 'redrive', positions })
    await eventually(async () => (await state(started)).settled.handled === count, { timeoutMs: 15_000 })
    expect(await state(started)).toMatchObject({ dead: 0, parked: 0, waiting: 0, lag: 0 })
  })
})
