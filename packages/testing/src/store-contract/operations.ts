import type { Failure, Unit } from 'millrace/engine'
import { expect } from 'vitest'
import { type Handling, handling } from './deliveries.ts'
import type { Promised, StoreFixture } from './fixture.ts'
import { readAll, refused } from './reading.ts'

const failure: Failure = { atMs: 1, code: null, name: 'Error', message: 'no', stack: null }

type Operation = 'redrive' | 'release' | 'discard' | 'replay'

const operation = (kind: Operation, positions: readonly number[], name = 's'): Unit => ({
  subscriptions: [{ kind, name, positions }],
})

/** Handles whatever is due until nothing is, and returns the positions in the order in which they were handled. */
async function drain(s: Handling): Promise<number[]> {
  const handled: number[] = []
  for (;;) {
    const [next] = await s.positions('due', { limit: 1 })
    if (next === undefined) return handled
    await s.ack([next], 'handled', true)
    handled.push(next)
    expect(handled.length, 'handled once each').toBeLessThan(1_000)
  }
}

/** What an operator does with kept deliveries. */
export function operationPromises(promised: Promised): void {
  const withDead = async (fixture: StoreFixture, keys: readonly (string | null)[]) => {
    const s = await handling(fixture)
    const positions = await fixture.publish('t', keys.length)
    for (const [n, position] of positions.entries()) {
      await s.keep(position, 'dead', {
        orderKey: keys[n]!,
        reason: 'exhausted',
        attempts: 5,
        deaths: 1,
        history: [failure],
      })
    }
    return { s, positions, commit: (unit: Unit) => fixture.store.commit(unit) }
  }

  promised('redriving one makes that one due, with its history', async (fixture) => {
    const { s, positions, commit } = await withDead(fixture, [null, null, null])
    const before = (await s.read('dead'))[1]!
    await commit(operation('redrive', [positions[1]!]))
    const due = await s.read('due')
    expect(due).toMatchObject([{ position: positions[1], state: 'parked', reason: 'redriven', event: before.event }])
    expect(due[0], 'it has all its attempts again').toMatchObject({ attempts: 0, deaths: 0, history: before.history })
    expect(await s.positions('dead')).toEqual([positions[0], positions[2]])
  })

  promised(
    'redriving some or all keeps the order of each key, also when they are named in another',
    async (fixture) => {
      const keys = ['a', 'b', 'a', 'b', 'a', null, 'b', 'a']
      const { s, positions, commit } = await withDead(fixture, keys)
      const ofKey = (key: string, from: readonly number[]) =>
        from.filter((position) => keys[positions.indexOf(position)] === key)
      const some = [positions[4]!, positions[1]!, positions[2]!]
      await commit(operation('redrive', some))
      const first = await drain(s)
      expect(first.toSorted((a, b) => a - b)).toEqual(some.toSorted((a, b) => a - b))
      expect(ofKey('a', first)).toEqual([positions[2], positions[4]])
      const rest = await s.positions('dead')
      expect(rest).toHaveLength(5)
      await commit(operation('redrive', rest.toReversed()))
      const second = await drain(s)
      expect(second).toHaveLength(5)
      for (const key of ['a', 'b']) expect(ofKey(key, second)).toEqual(ofKey(key, rest))
      expect(await s.read('dead')).toEqual([])
    },
  )

  promised('of several of one key that are redriven, only the first is due', async (fixture) => {
    const { s, positions, commit } = await withDead(fixture, ['k', 'k', 'k'])
    await commit(operation('redrive', positions))
    expect(await s.positions('due')).toEqual([positions[0]])
    // It fails again: those behind it go on waiting.
    await s.keep(positions[0]!, 'park', { isKept: true, orderKey: 'k', dueMs: fixture.clock.now() + 100 })
    expect(await s.read('due')).toEqual([])
    await fixture.clock.advance(101)
    expect(await drain(s)).toEqual(positions)
  })

  promised('one that is redriven waits behind an earlier one of its key', async (fixture) => {
    const s = await handling(fixture)
    const [a, b, c] = await fixture.publish('t', 3, { key: 'k' })
    await s.keep(b!, 'dead')
    await s.keep(a!, 'park', { dueMs: fixture.clock.now() + 100 })
    await s.keep(c!, 'wait')
    await fixture.store.commit(operation('redrive', [b!]))
    expect(await s.read('due')).toEqual([])
    await fixture.clock.advance(101)
    expect(await drain(s)).toEqual([a, b, c])
  })

  promised('one under way is kept behind an earlier one of its key that was redriven meanwhile', async (fixture) => {
    const s = await handling(fixture)
    const [a, b] = await fixture.publish('t', 2, { key: 'k' })
    await s.keep(a!, 'dead')
    await fixture.store.commit(operation('redrive', [a!]))
    await s.keep(b!, 'park')
    expect(await s.positions('due')).toEqual([a])
    expect(await drain(s)).toEqual([a, b])
  })

  promised('only what is kept can be redriven, discarded or edited', async (fixture) => {
    const { s, positions, commit } = await withDead(fixture, [null])
    const [unsettled] = await fixture.publish('t')
    for (const position of [unsettled!, 1_000_000]) {
      for (const kind of ['redrive', 'discard'] as const) {
        const fields = await refused('DELIVERY_UNKNOWN', commit(operation(kind, [positions[0]!, position])))
        expect(fields).toMatchObject({ subscription: 's', position })
      }
      await refused('DELIVERY_UNKNOWN', commit({ subscriptions: [{ kind: 'edit', name: 's', position, data: '1' }] }))
    }
    expect(await s.positions('dead'), 'nothing was done').toEqual(positions)
    await commit(operation('redrive', positions))
    await refused('DELIVERY_UNKNOWN', commit(operation('redrive', positions)))
  })

  promised('discarding deletes, and is counted', async (fixture) => {
    const { s, positions, commit } = await withDead(fixture, [null, 'k', 'k'])
    const [a, b, c] = positions
    await commit(operation('discard', [a!, c!]))
    expect(await s.positions('dead')).toEqual([b])
    const { subscriptions } = await fixture.store.inspect()
    expect(subscriptions[0]!.settled).toMatchObject({ discarded: 2 })
    expect(await readAll(fixture.store), 'the log stays').toHaveLength(3)
    expect(subscriptions[0]).toMatchObject({ lag: 0, dead: 1 })
  })

  promised('releasing makes due what was parked without a time, in order', async (fixture) => {
    const s = await handling(fixture)
    const [a, b, other] = await fixture.publish('t', 3)
    await s.keep(a!, 'park', { dueMs: null, orderKey: 'k', reason: 'held' })
    await s.keep(b!, 'wait', { orderKey: 'k' })
    await s.keep(other!, 'park', { dueMs: null, orderKey: 'other', reason: 'held' })
    await fixture.store.commit(operation('release', [a!]))
    expect(await s.positions('due')).toEqual([a])
    expect(await drain(s)).toEqual([a, b])
    expect(await s.positions('pending')).toEqual([other])
  })

  promised('releasing makes due what was parked for later', async (fixture) => {
    const s = await handling(fixture)
    const [a] = await fixture.publish('t')
    await s.keep(a!, 'park', { dueMs: fixture.clock.now() + 3_600_000, attempts: 3 })
    await fixture.store.commit(operation('release', [a!]))
    expect(await s.read('due')).toMatchObject([{ position: a, attempts: 3, reason: 'retry' }])
  })

  promised('an edited dead letter is redriven with the new data; the log keeps the old', async (fixture) => {
    const { s, positions, commit } = await withDead(fixture, ['k', 'k'])
    const [before] = await s.read('dead')
    const data = '{ "mended": "😀" }'
    await commit({ subscriptions: [{ kind: 'edit', name: 's', position: positions[0]!, data }] })
    await fixture.reopen()
    expect(await s.read('dead', { limit: 1 })).toEqual([{ ...before, event: { ...before!.event, data } }])
    await fixture.store.commit(operation('redrive', [positions[0]!]))
    expect(await s.read('due')).toMatchObject([{ event: { ...before!.event, data } }])
    expect((await readAll(fixture.store))[0]!.event).toEqual(before!.event)
  })

  promised('a replay delivers events once more to one subscription, in order', async (fixture) => {
    const { store } = fixture
    const s = await handling(fixture)
    const other = await handling(fixture, { name: 'other' })
    const positions = await fixture.publish('t', 6, { key: 'k' })
    await s.ack(positions.slice(0, 5))
    await other.ack(positions.slice(0, 2))
    const before = await store.readSubscription('s')
    await store.commit(operation('replay', [positions[3]!, positions[1]!]))
    expect(await store.readSubscription('s')).toEqual({ ...before, pending: 2 })
    const [first] = await s.read('due')
    expect(first).toMatchObject({ position: positions[1], reason: 'replayed' })
    expect(first!.event).toEqual((await readAll(store))[1]!.event)
    expect(await drain(s)).toEqual([positions[1], positions[3]])
    expect(await store.readSubscription('s')).toEqual(before)
    expect(await other.read('pending')).toEqual([])
    expect((await store.readSubscription('other'))!.lag).toBe(4)
  })

  promised('an operator in another process takes nothing back from the one that handles', async (fixture) => {
    const { s, positions, commit } = await withDead(fixture, [null, null, null])
    const other = (await fixture.beside()).store
    const unsettled = await fixture.publish('t', 10)
    for (const round of [0, 1, 2]) {
      await other.commit(operation('discard', [positions[round]!]))
      await s.ack(unsettled.slice(round * 3, round * 3 + 3))
    }
    await commit(operation('replay', [unsettled[0]!]))
    await other.commit(operation('discard', [unsettled[0]!]))
    for (const store of [fixture.store, other]) {
      expect(await store.readSubscription('s')).toMatchObject({ floor: unsettled[8], lag: 1, pending: 0 })
      expect((await store.inspect()).subscriptions).toMatchObject([{ settled: { handled: 9, discarded: 4 }, dead: 0 }])
    }
    await fixture.reopen()
    expect(await fixture.store.readSubscription('s')).toMatchObject({ floor: unsettled[8], lag: 1 })
    await s.ack([unsettled[9]!])
    expect((await fixture.store.readSubscription('s'))!.lag).toBe(0)
  })

  promised('operations outlive the engine', async (fixture) => {
    const { s, positions } = await withDead(fixture, ['k', 'k', 'k', null])
    await fixture.store.commit(operation('redrive', positions.slice(0, 2)))
    await fixture.store.commit(operation('discard', [positions[3]!]))
    await fixture.reopen()
    expect(await s.positions('due')).toEqual([positions[0]])
    expect(await s.positions('pending')).toEqual(positions.slice(0, 2))
    expect(await s.positions('dead')).toEqual([positions[2]])
  })
}
