import { expect } from 'vitest'
import { handling, kept } from './deliveries.ts'
import type { Promised } from './fixture.ts'
import { range, readAll } from './reading.ts'

const mebibyte = 1024 * 1024
// The last millisecond that a Date can hold: far beyond 32 bits, and just within what is safe in JavaScript.
const far = 8.64e15

/** Values at their limits. */
export function valuePromises(promised: Promised): void {
  promised('text of every script comes back as it was', async (fixture) => {
    const { store, event } = fixture
    const texts = [
      'Ünï\u0308cödé',
      '日本語のイベント',
      'עברית العربية',
      '👩‍👩‍👧‍👦 🏳️‍🌈 \u{1f600}',
      '\u200b\ufeff\u2028\u2029',
      '\' " \\ ` ; -- /* % _ ? $1 :x @y',
      'tab\tnew\nline\r\u0001',
      '\uffff\ufffd\u{10ffff}',
    ]
    await store.commit({
      append: texts.map((text, n) => ({
        event: event('t', {
          id: `${text}${n}`,
          key: text,
          source: text,
          data: JSON.stringify(text),
          attributes: JSON.stringify({ subject: text }),
        }),
        unique: true,
        stream: { name: text, expected: 'none' },
      })),
      documents: texts.map((text) => ({ collection: text, key: text, value: JSON.stringify({ [text]: text }) })),
    })
    const records = await readAll(store)
    expect(records.map((record) => record.event.key)).toEqual(texts)
    expect(records.map((record) => record.event.header.source)).toEqual(texts)
    expect(records.map((record) => JSON.parse(record.event.data!))).toEqual(texts)
    expect(records.map((record) => JSON.parse(record.event.attributes!).subject)).toEqual(texts)
    for (const text of texts) {
      expect(await store.readStream({ stream: text, from: 0, limit: 9 })).toHaveLength(1)
      expect(JSON.parse((await store.readDocument(text, text))!.value)).toEqual({ [text]: text })
    }
  })

  promised('payloads of 1 MiB come back whole, events and documents', async (fixture) => {
    const { store, event } = fixture
    const data = JSON.stringify('0123456789abcdé😀'.repeat(mebibyte / 20))
    expect(Buffer.byteLength(data)).toBeGreaterThan(mebibyte * 0.9)
    const { appended } = await store.commit({
      append: [{ event: event('t', { data }) }, { event: event('t') }, { event: event('t', { data }) }],
      documents: [{ collection: 'c', key: 'big', value: data }],
    })
    const { records } = await store.readLog({ after: 0, limit: 9 })
    expect(records.map((record) => record.event.data === data)).toEqual([true, false, true])
    expect((await store.readDocument('c', 'big'))!.value === data).toBe(true)
    expect(appended).toHaveLength(3)
    const s = await handling(fixture)
    await s.keep(appended[0]!.position, 'dead', { event: records[0]!.event })
    expect((await s.read('dead'))[0]!.event.data === data).toBe(true)
  })

  promised('times and counts are safe far beyond 32 bits', async (fixture) => {
    const { store, event } = fixture
    const s = await handling(fixture)
    await store.commit({
      append: [{ event: event('t', { timeMs: far, expiresMs: far, version: 2 ** 31 }) }],
      timers: [{ kind: 'set', id: 'far', dueMs: far, event: event('t', { timeMs: -far }) }],
      counts: [
        { name: 'n', subject: 'far', by: Number.MAX_SAFE_INTEGER - 1 },
        { name: 'n', subject: 'far', by: 1 },
      ],
    })
    const [record] = await readAll(store)
    expect(record!.event).toMatchObject({ timeMs: far, expiresMs: far, header: { version: 2 ** 31 } })
    expect(await store.readTimers({ limit: 9 })).toMatchObject([{ dueMs: far, event: { timeMs: -far } }])
    expect((await store.inspect()).counters).toContainEqual({
      name: 'n',
      subject: 'far',
      value: Number.MAX_SAFE_INTEGER,
    })
    await s.settle(record!.position, { kind: 'park', delivery: kept(record!.event), dueMs: far })
    expect(await s.read('pending')).toMatchObject([{ dueMs: far, event: { timeMs: far } }])
    expect(await store.locate(new Date(far))).toBe(record!.position)
  })

  promised('a unit may be large: 10,000 events and 10,000 documents', async ({ store, event }) => {
    const { appended } = await store.commit({
      append: range(1, 10_000).map(() => ({ event: event('t') })),
      documents: range(1, 10_000).map((n) => ({ collection: 'c', key: String(n), value: String(n) })),
    })
    expect(new Set(appended.map(({ position }) => position)).size).toBe(10_000)
    expect(await readAll(store, undefined, 5_000)).toHaveLength(10_000)
    expect((await store.inspect()).documents).toMatchObject({ c: 10_000 })
  })

  promised('many topics, types, sources and keys are told apart', async ({ store, event }) => {
    const append = range(0, 1_999).map((n) => ({
      event: event(`t${n % 100}.x`, {
        type: `type${n % 70}`,
        source: `source${n % 30}`,
        version: 1 + (n % 3),
        key: `key${n % 500}`,
      }),
    }))
    for (const from of range(0, 9)) await store.commit({ append: append.slice(from * 200, from * 200 + 200) })
    expect((await readAll(store)).map((record) => record.event)).toEqual(append.map((one) => one.event))
    expect((await readAll(store, ['t7.*'])).map((record) => record.event)).toEqual(
      append.map((one) => one.event).filter((one) => one.header.topic === 't7.x'),
    )
    expect((await store.inspect()).topics).toHaveLength(100)
  })
}
