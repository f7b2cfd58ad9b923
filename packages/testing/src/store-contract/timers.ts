import type { TimerWrite, Unit } from 'millrace/engine'
import { expect } from 'vitest'
import type { Promised, StoreFixture } from './fixture.ts'
import { range, readAll, refused } from './reading.ts'

const set = ({ event, clock }: StoreFixture, id: string, inMs: number): TimerWrite => ({
  kind: 'set',
  id,
  dueMs: clock.now() + inMs,
  event: event('t'),
})

/** Timers: events that are due at a time. The store keeps them; whoever reads the due ones fires them. */
export function timerPromises(promised: Promised): void {
  promised('timers are read in the order they are due, a bounded page at a time', async (fixture) => {
    const { store } = fixture
    const delays = [50, 10, 40, -5, 20, 30]
    const timers = delays.map((delay) => set(fixture, `in ${delay}`, delay))
    await store.commit({ timers })
    const ids = async (limit: number) => (await store.readTimers({ limit })).map(({ id }) => id)
    expect(await ids(100)).toEqual(['in -5', 'in 10', 'in 20', 'in 30', 'in 40', 'in 50'])
    expect(await ids(2)).toEqual(['in -5', 'in 10'])
    expect((await store.inspect()).timers).toBe(6)
  })

  promised('a timer keeps its event whole', async ({ store, event, clock }) => {
    const whole = event('a.b', { type: 'x', version: 3, key: '😀', expiresMs: 5, attributes: '{"a":1}', data: null })
    await store.commit({ timers: [{ kind: 'set', id: 'id', dueMs: clock.now(), event: whole }] })
    expect(await store.readTimers({ limit: 9 })).toEqual([{ id: 'id', dueMs: clock.now(), event: whole }])
  })

  promised('only the timers due before a time are read, when it is given', async (fixture) => {
    const { store, clock } = fixture
    await store.commit({ timers: [set(fixture, 'soon', 1_000), set(fixture, 'later', 5_000)] })
    const due = async () => (await store.readTimers({ dueBeforeMs: clock.now(), limit: 9 })).map(({ id }) => id)
    expect(await due()).toEqual([])
    await clock.advance(999)
    expect(await due(), 'never early').toEqual([])
    await clock.advance(2)
    expect(await due()).toEqual(['soon'])
    await clock.advance(10_000)
    expect(await due()).toEqual(['soon', 'later'])
  })

  promised('a timer fires once: what removes it commits with what it does, or not at all', async (fixture) => {
    const { store, event } = fixture
    await store.commit({ timers: [set(fixture, 'once', 0)] })
    const fire = (): Unit => ({ timers: [{ kind: 'remove', id: 'once' }], append: [{ event: event('fired') }] })
    const results = await Promise.allSettled(range(1, 10).map(() => store.commit(fire())))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await readAll(store, ['fired'])).toHaveLength(1)
    expect(await refused('TIMER_GONE', store.commit(fire()))).toEqual({ id: 'once' })
    expect(await store.readTimers({ limit: 9 })).toEqual([])
  })

  promised('a timer that is set in a unit can be removed by the same unit', async (fixture) => {
    const { store } = fixture
    await store.commit({ timers: [set(fixture, 'brief', 0), { kind: 'remove', id: 'brief' }] })
    expect(await store.readTimers({ limit: 9 })).toEqual([])
    await refused('TIMER_GONE', store.commit({ timers: [{ kind: 'remove', id: 'brief' }, set(fixture, 'brief', 0)] }))
    expect(await store.readTimers({ limit: 9 })).toEqual([])
  })

  promised('10,000 timers are kept, and the first due ones are read at once', async (fixture) => {
    const { store } = fixture
    for (const batch of range(0, 9)) {
      await store.commit({
        timers: range(0, 999).map((n) => set(fixture, `${batch}/${n}`, (n * 7919 + batch) % 10_000)),
      })
    }
    const due = (await store.readTimers({ limit: 500 })).map(({ dueMs }) => dueMs)
    expect(due).toHaveLength(500)
    expect(due).toEqual(due.toSorted((a, b) => a - b))
    expect((await store.inspect()).timers).toBe(10_000)
  })

  promised('timers outlive the engine', async (fixture) => {
    await fixture.store.commit({ timers: [set(fixture, 'id', 1_000)] })
    const before = await fixture.store.readTimers({ limit: 9 })
    await fixture.reopen()
    expect(await fixture.store.readTimers({ limit: 9 })).toEqual(before)
  })
}
