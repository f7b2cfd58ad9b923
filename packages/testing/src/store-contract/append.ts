import type { Append, LogRecord } from 'millrace/engine'
import { expect } from 'vitest'
import type { Promised } from './fixture.ts'
import { idsOf, positionsOf, range, readAll } from './reading.ts'

/** Appending to the log, and reading it. */
export function appendPromises(promised: Promised): void {
  promised('a new log is empty, and its head is 0', async ({ store }) => {
    expect(await store.readLog({ after: 0, limit: 10 })).toMatchObject({ records: [] })
    expect(await store.inspect()).toMatchObject({ head: 0, topics: [], subscriptions: [], timers: 0 })
    expect(await store.locate('now')).toBe(0)
  })

  promised('an empty unit commits, and changes nothing', async ({ store }) => {
    expect(await store.commit({})).toEqual({ appended: [], epochs: [], trimmed: 0 })
    expect((await store.inspect()).head).toBe(0)
  })

  promised('positions are whole numbers from 1 on, in the order of the appends', async ({ store, event }) => {
    const events = range(1, 5).map(() => event('t'))
    const { appended } = await store.commit({ append: events.map((e) => ({ event: e })) })
    expect(appended.map(({ duplicate }) => duplicate)).toEqual([false, false, false, false, false])
    const positions = positionsOf(appended)
    expect(positions.every((position) => Number.isSafeInteger(position) && position >= 1)).toBe(true)
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
    const records = await readAll(store)
    expect(positionsOf(records)).toEqual(positions)
    expect(records.map((record) => record.event)).toEqual(events)
  })

  promised('every part of an event comes back as it was', async ({ store, event }) => {
    const events = [
      event('a.b', { type: 'other.type', version: 7, source: 'urn:somewhere:else' }),
      event('a', { key: 'k', timeMs: 0, expiresMs: 8.64e15, attributes: '{"subject":"s","x":[1,{"y":null}]}' }),
      event('a', { data: null, attributes: null, timeMs: -1_000, expiresMs: 0, key: '' }),
      event('a', { data: '  { "spaced" : 1.0, "a":1, "a":2 }' }),
      event('a', { data: 'null' }),
      event('a', { id: 'chosen by the caller' }),
    ]
    const { appended } = await store.commit({ append: events.map((e) => ({ event: e })) })
    expect(appended).toHaveLength(events.length)
    expect((await readAll(store)).map((record) => record.event)).toEqual(events)
  })

  promised('a record tells when it was appended', async ({ store, clock, publish }) => {
    await publish('t')
    await clock.advance(1_234)
    await publish('t')
    const [first, second] = await readAll(store)
    expect(second!.appendedMs - first!.appendedMs).toBe(1_234)
    expect(second!.appendedMs).toBe(clock.now())
  })

  promised('a page starts after a position, is bounded, and says where to go on', async ({ store, publish }) => {
    const positions = await publish('t', 25)
    const first = await store.readLog({ after: 0, limit: 10 })
    expect(positionsOf(first.records)).toEqual(positions.slice(0, 10))
    expect(first.scannedTo).toBe(positions[9])
    const second = await store.readLog({ after: positions[9]!, limit: 100 })
    expect(positionsOf(second.records)).toEqual(positions.slice(10))
    expect(second.scannedTo).toBeGreaterThanOrEqual(positions[24]!)
    const beyond = await store.readLog({ after: second.scannedTo, limit: 100 })
    expect(beyond.records).toEqual([])
    expect(positionsOf(await readAll(store, undefined, 1))).toEqual(positions)
  })

  promised('a page has only the topics asked for, each event once', async ({ store, event }) => {
    const topics = ['shop.a', 'shop.b', 'shop.b.c', 'shop', 'other', 'shopping', 'Shop.a']
    for (const topic of [...topics, ...topics]) await store.commit({ append: [{ event: event(topic) }] })
    const read = async (...wanted: string[]): Promise<string[]> => {
      const records = await readAll(store, wanted, 2)
      expect(new Set(positionsOf(records)).size).toBe(records.length)
      return records.slice(0, records.length / 2).map((record) => record.event.header.topic)
    }
    expect(await read('shop.a')).toEqual(['shop.a'])
    expect(await read('shop.a', 'other', 'none.such')).toEqual(['shop.a', 'other'])
    expect(await read('shop.*')).toEqual(['shop.a', 'shop.b'])
    expect(await read('shop.**')).toEqual(['shop.a', 'shop.b', 'shop.b.c', 'shop'])
    expect(await read('shop.*', 'shop.**', 'shop.a')).toEqual(['shop.a', 'shop.b', 'shop.b.c', 'shop'])
    expect(await read('**.c', '*')).toEqual(['shop.b.c', 'shop', 'other', 'shopping'])
    expect(await read('none.such')).toEqual([])
    expect(await read()).toEqual([])
  })

  promised('a page of rare events leads over the many others', async ({ store, publish }) => {
    await publish('noise', 2_000)
    const [rare] = await publish('rare')
    const [last] = (await publish('noise', 2_000)).slice(-1)
    expect(positionsOf(await readAll(store, ['rare'], 10))).toEqual([rare])
    const page = await store.readLog({ after: rare!, topics: ['rare'], limit: 10 })
    expect(page.records).toEqual([])
    expect(page.scannedTo).toBeLessThanOrEqual(last!)
  })

  promised('in a log of 60,000 events the rare ones are found and counted', async (fixture) => {
    const { store, publish } = fixture
    await store.commit({ subscriptions: [{ kind: 'ensure', name: 's', topics: ['rare'], from: 'beginning' }] })
    const rare: number[] = []
    for (const _ of range(1, 3)) {
      rare.push(...(await publish('rare')))
      for (const _ of range(1, 4)) await publish('noise', 5_000)
    }
    rare.push(...(await publish('rare')))
    expect(positionsOf(await readAll(store, ['rare'], 2))).toEqual(rare)
    expect((await store.readSubscription('s'))!.lag).toBe(4)
    expect((await store.readSubscription('s', 3))!.lag).toBe(3)
  })

  promised('1,000 commits at once: each whole and in order, and no position twice', async ({ store, event }) => {
    const units = range(0, 999).map((n) =>
      range(0, n % 3).map((): Append => ({ event: event(`t${n % 7}`, { key: `unit-${n}` }) })),
    )
    const results = await Promise.all(units.map((append) => store.commit({ append })))
    const records = await readAll(store)
    const byPosition = new Map(records.map((record) => [record.position, record]))
    expect(byPosition.size).toBe(units.flat().length)
    for (const [n, { appended }] of results.entries()) {
      const ids = positionsOf(appended).map((position) => byPosition.get(position)!.event.id)
      expect(ids).toEqual(units[n]!.map((append) => append.event.id))
      expect(positionsOf(appended)).toEqual(positionsOf(appended).toSorted((a, b) => a - b))
    }
  })

  promised('a reader at the tail sees every event once, in order, and units whole', async ({ store, event }) => {
    const perUnit = 4
    const commits: Promise<unknown>[] = []
    const seen: LogRecord[] = []
    const total = 400 * perUnit
    while (seen.length < total) {
      for (let burst = 0; burst < 20 && commits.length < 400; burst++) {
        const append = range(1, perUnit).map(() => ({ event: event('t', { key: String(commits.length) }) }))
        commits.push(store.commit({ append }))
      }
      const page = await store.readLog({ after: seen.at(-1)?.position ?? 0, limit: total })
      expect(page.records.length % perUnit, 'units are visible whole').toBe(0)
      seen.push(...page.records)
      // A store may answer without a turn of the event loop, which the commits need.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    await Promise.all(commits)
    const all = await readAll(store)
    expect(positionsOf(seen)).toEqual(positionsOf(all))
    expect(idsOf(seen)).toEqual(idsOf(all))
  })
}
