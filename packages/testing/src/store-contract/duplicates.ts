import type { Append } from 'millrace/engine'
import { expect } from 'vitest'
import type { Promised, StoreFixture } from './fixture.ts'
import { idsOf, range, readAll } from './reading.ts'

const withId = (fixture: StoreFixture, id: string, topic = 't'): Append => ({
  event: fixture.event(topic, { id }),
  unique: true,
})

/** Deduplication of ids that the caller chose. */
export function duplicatePromises(promised: Promised): void {
  promised('a second event with the id of an earlier one is a duplicate of it', async (fixture) => {
    const { store } = fixture
    const first = await store.commit({ append: [withId(fixture, 'one')] })
    expect(first.appended).toMatchObject([{ duplicate: false }])
    await fixture.publish('t', 5)
    const second = await store.commit({ append: [withId(fixture, 'one'), withId(fixture, 'two')] })
    expect(second.appended).toMatchObject([
      { duplicate: true, position: first.appended[0]!.position },
      { duplicate: false },
    ])
    const records = await readAll(store)
    expect(records).toHaveLength(7)
    expect(records[0]!.event.data, 'the earlier one stays').toBe('{"made":1}')
  })

  promised('the rest of a unit with a duplicate commits', async (fixture) => {
    const { store } = fixture
    await store.commit({ append: [withId(fixture, 'one')] })
    await store.commit({
      append: [withId(fixture, 'one'), { event: fixture.event('t') }],
      documents: [{ collection: 'c', key: 'k', value: '1' }],
    })
    expect(await readAll(store)).toHaveLength(2)
    expect(await store.readDocument('c', 'k')).toBeDefined()
  })

  promised('duplicates are found within one unit', async (fixture) => {
    const { appended } = await fixture.store.commit({
      append: [withId(fixture, 'a'), withId(fixture, 'b'), withId(fixture, 'a')],
    })
    expect(appended).toMatchObject([{ duplicate: false }, { duplicate: false }, { duplicate: true }])
    expect(appended[2]!.position).toBe(appended[0]!.position)
    expect(idsOf(await readAll(fixture.store))).toEqual(['a', 'b'])
  })

  promised('duplicates are found among units that commit at once', async (fixture) => {
    const { store } = fixture
    const results = await Promise.all(
      range(0, 99).map((n) => store.commit({ append: [withId(fixture, `id ${n % 10}`)] })),
    )
    const firsts = results.filter(({ appended }) => !appended[0]!.duplicate)
    expect(firsts).toHaveLength(10)
    const records = await readAll(store)
    expect(idsOf(records).toSorted()).toEqual(range(0, 9).map((n) => `id ${n}`))
    const positionOf = new Map(records.map((record) => [record.event.id, record.position]))
    for (const [n, { appended }] of results.entries())
      expect(appended[0]!.position).toBe(positionOf.get(`id ${n % 10}`))
  })

  promised('the id of an event that was refused is free', async (fixture) => {
    const { store } = fixture
    const refused = store.commit({
      append: [withId(fixture, 'one')],
      timers: [{ kind: 'remove', id: 'none' }],
    })
    const retried = store.commit({ append: [withId(fixture, 'one')] })
    await expect(refused).rejects.toMatchObject({ code: 'TIMER_GONE' })
    expect((await retried).appended).toMatchObject([{ duplicate: false }])
    expect((await store.commit({ append: [withId(fixture, 'one')] })).appended).toMatchObject([{ duplicate: true }])
  })

  promised('ids are compared within a topic, and exactly', async (fixture) => {
    const { store } = fixture
    const append = [
      withId(fixture, 'one', 'a'),
      withId(fixture, 'one', 'b'),
      withId(fixture, 'One', 'a'),
      withId(fixture, 'one ', 'a'),
      withId(fixture, '1', 'a'),
      withId(fixture, '01', 'a'),
      withId(fixture, 'é', 'a'),
      withId(fixture, 'e\u0301', 'a'),
      withId(fixture, '😀'.repeat(100), 'a'),
    ]
    expect((await store.commit({ append })).appended.every(({ duplicate }) => !duplicate)).toBe(true)
    expect((await store.commit({ append })).appended.every(({ duplicate }) => duplicate)).toBe(true)
  })

  promised('ids that the caller did not choose are not compared', async ({ store, event }) => {
    const append = [{ event: event('t', { id: 'same' }) }]
    await store.commit({ append })
    expect((await store.commit({ append })).appended).toMatchObject([{ duplicate: false }])
    expect(await readAll(store)).toHaveLength(2)
  })

  promised('a duplicate is found among thousands of events', async (fixture) => {
    const { store } = fixture
    const append = range(1, 5_000).map((n) => withId(fixture, `id ${n}`))
    const { appended } = await store.commit({ append })
    const again = await store.commit({ append: append.filter((_, n) => n % 100 === 0) })
    expect(again.appended).toEqual(
      appended.filter((_, n) => n % 100 === 0).map((first) => ({ ...first, duplicate: true })),
    )
  })

  promised('duplicates are found after the store was opened again', async (fixture) => {
    const first = await fixture.store.commit({ append: [withId(fixture, 'one')] })
    await fixture.reopen()
    const again = await fixture.store.commit({ append: [withId(fixture, 'one')] })
    expect(again.appended).toEqual([{ ...first.appended[0], duplicate: true }])
  })
}
