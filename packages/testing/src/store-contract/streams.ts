import type { Append, ExpectedRevision } from 'millrace/engine'
import { expect } from 'vitest'
import type { Promised, StoreFixture } from './fixture.ts'
import { idsOf, positionsOf, range, readAll, refused } from './reading.ts'

const toStream = (fixture: StoreFixture, name: string, expected: ExpectedRevision, count = 1): Append[] =>
  range(1, count).map(() => ({ event: fixture.event('t'), stream: { name, expected } }))

/** Streams: events of one subject with revisions, and optimistic concurrency. */
export function streamPromises(promised: Promised): void {
  promised('revisions count from 0, and the events are in the log as well', async (fixture) => {
    const { store } = fixture
    const first = toStream(fixture, 'a', 'none', 3)
    const second = toStream(fixture, 'a', 2, 2)
    const one = await store.commit({ append: first })
    expect(one.appended.map(({ revision }) => revision)).toEqual([0, 1, 2])
    const two = await store.commit({ append: second })
    expect(two.appended.map(({ revision }) => revision)).toEqual([3, 4])
    const records = await store.readStream({ stream: 'a', from: 0, limit: 100 })
    expect(records.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4])
    expect(records.map(({ event }) => event)).toEqual([...first, ...second].map(({ event }) => event))
    const log = await readAll(store)
    expect(records.map(({ revision: _, ...record }) => record)).toEqual(log)
    expect(positionsOf([...one.appended, ...two.appended])).toEqual(positionsOf(log))
  })

  promised('a plain append has no revision', async ({ store, event }) => {
    const { appended } = await store.commit({ append: [{ event: event('t') }] })
    expect(appended[0]!.revision).toBeUndefined()
  })

  promised('a stream is read from a revision, forwards or backwards, a bounded page at a time', async (fixture) => {
    const { store } = fixture
    await store.commit({ append: toStream(fixture, 'a', 'none', 10) })
    const read = async (from: number, limit: number, backwards = false): Promise<number[]> =>
      (await store.readStream({ stream: 'a', from, limit, backwards })).map(({ revision }) => revision)
    expect(await read(0, 3)).toEqual([0, 1, 2])
    expect(await read(7, 100)).toEqual([7, 8, 9])
    expect(await read(10, 100)).toEqual([])
    expect(await read(9, 3, true)).toEqual([9, 8, 7])
    expect(await read(1, 100, true)).toEqual([1, 0])
    expect(await read(Number.MAX_SAFE_INTEGER, 2, true)).toEqual([9, 8])
    expect(await store.readStream({ stream: 'none such', from: 0, limit: 9 })).toEqual([])
  })

  promised('an append with another revision than the actual one is refused', async (fixture) => {
    const { store } = fixture
    const append = (expected: ExpectedRevision) => store.commit({ append: toStream(fixture, 'a', expected) })
    expect(await refused('REVISION_CONFLICT', append(0))).toEqual({ stream: 'a', expected: 0, actual: -1 })
    await append('none')
    expect(await refused('REVISION_CONFLICT', append('none'))).toEqual({ stream: 'a', expected: 'none', actual: 0 })
    expect(await refused('REVISION_CONFLICT', append(1))).toEqual({ stream: 'a', expected: 1, actual: 0 })
    await append(0)
    await refused('REVISION_CONFLICT', append(0))
    await append('any')
    expect(await store.readStream({ stream: 'a', from: 0, limit: 9 })).toHaveLength(3)
  })

  promised('a unit may append to several streams; one conflict refuses them all', async (fixture) => {
    const { store } = fixture
    const both = (a: ExpectedRevision, b: ExpectedRevision): Append[] => [
      ...toStream(fixture, 'a', a, 2),
      ...toStream(fixture, 'b', b, 2),
    ]
    await store.commit({ append: both('none', 'none') })
    const { stream } = await refused('REVISION_CONFLICT', store.commit({ append: both(1, 0) }))
    expect(stream).toBe('b')
    const { appended } = await store.commit({ append: both(1, 1) })
    expect(appended.map(({ revision }) => revision)).toEqual([2, 3, 2, 3])
    expect(await readAll(store)).toHaveLength(8)
  })

  promised('of those who expect one revision at once, one appends', async (fixture) => {
    const { store } = fixture
    for (const expected of ['none', 0, 1] as const) {
      const appends = range(1, 20).map(() => toStream(fixture, 'a', expected))
      const results = await Promise.allSettled(appends.map((append) => store.commit({ append })))
      const winners = appends.filter((_, n) => results[n]!.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      const [last] = await store.readStream({ stream: 'a', from: 1_000, limit: 1, backwards: true })
      expect(last!.event).toEqual(winners[0]![0]!.event)
    }
  })

  promised('1,000 appends at once that expect any revision each get one of their own', async (fixture) => {
    const { store } = fixture
    const results = await Promise.all(
      range(1, 1_000).map(() => store.commit({ append: toStream(fixture, 'a', 'any') })),
    )
    const revisions = results.map(({ appended }) => appended[0]!.revision!)
    expect(revisions.toSorted((a, b) => a - b)).toEqual(range(0, 999))
    const records = await store.readStream({ stream: 'a', from: 0, limit: 2_000 })
    expect(records.map(({ revision }) => revision)).toEqual(range(0, 999))
    expect(positionsOf(records)).toEqual(positionsOf(records).toSorted((a, b) => a - b))
  })

  promised('streams, topics and documents of one name have nothing to do with each other', async (fixture) => {
    const { store, event } = fixture
    await store.commit({ append: [{ event: event('x') }], documents: [{ collection: 'x', key: 'x', value: '1' }] })
    await store.commit({ append: [{ event: event('y'), stream: { name: 'x', expected: 'none' } }] })
    expect(await store.readStream({ stream: 'x', from: 0, limit: 9 })).toHaveLength(1)
    expect((await readAll(store, ['x'])).length).toBe(1)
  })

  promised('names of streams are told apart exactly', async (fixture) => {
    const { store } = fixture
    const names = ['a', 'A', 'a ', 'ä', 'a\u0308', '😀', 'order-1', 'order-10', 'order_1', '']
    for (const name of names) await store.commit({ append: toStream(fixture, name, 'none') })
    for (const name of names) expect(await store.readStream({ stream: name, from: 0, limit: 9 })).toHaveLength(1)
  })

  promised('the idempotent retry of an append returns what the first one did', async (fixture) => {
    const { store } = fixture
    const append = toStream(fixture, 'a', 'none', 3).map((one) => ({ ...one, unique: true }))
    const first = await store.commit({ append })
    const again = await store.commit({ append })
    expect(again.appended).toEqual(first.appended.map((appended) => ({ ...appended, duplicate: true })))
    expect(idsOf(await readAll(store))).toEqual(append.map(({ event }) => event.id))
  })
}
