import { collection, defineEvent, message } from 'millrace'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Changed, Noted, Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'

describe('publish', () => {
  test('resolves with the place in the log when the event is durable', async () => {
    const { app, store } = await start({ contracts: [Noted] })
    const first = await app.publish(Noted, { n: 1 })
    const second = await app.publish(Noted, { n: 2 })
    expect([first, second]).toEqual([
      { id: expect.any(String), position: 1, duplicate: false },
      { id: expect.any(String), position: 2, duplicate: false },
    ])
    expect((await store.readLog({ after: 0, limit: 10 })).records.map(({ event }) => event.id)).toEqual([
      first.id,
      second.id,
    ])
  })

  test('refuses data that does not fit, with the path of the field', async () => {
    const { app, store } = await start({ contracts: [Ordered] })
    await expect(app.publish(Ordered, { key: 'a', n: 'one' as never })).rejects.toMatchObject({
      code: 'DATA_INVALID',
      fields: { contract: Ordered.name, path: 'n' },
    })
    expect((await store.readLog({ after: 0, limit: 10 })).records).toEqual([])
  })

  test('refuses data over the limit, told in bytes', async () => {
    const Text = defineEvent('test.text', { schema: z.string() })
    const { app } = await start({ contracts: [Text], maxEventBytes: 100 })
    await app.publish(Text, 'x'.repeat(98))
    await app.publish(Text, 'é'.repeat(49))
    await expect(app.publish(Text, 'x'.repeat(99))).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      fields: { contract: 'test.text', bytes: 101, limitBytes: 100 },
    })
    await expect(app.publish(Text, 'é'.repeat(50))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  })

  test('refuses attributes that CloudEvents does not allow', async () => {
    const { app } = await start({ contracts: [Noted] })
    await expect(app.publish(Noted, { n: 1 }, { extensions: { 'Not-Allowed': 1 } })).rejects.toMatchObject({
      code: 'EVENT_INVALID',
    })
    await expect(app.publish(Noted, { n: 1 }, { at: new Date(Number.NaN) })).rejects.toMatchObject({
      code: 'EVENT_INVALID',
    })
    await expect(app.publish(Noted, { n: 1 }, { afterMs: Number.NaN })).rejects.toMatchObject({ code: 'EVENT_INVALID' })
  })

  test('what is refused for two reasons at once is refused, and harms nobody else', async () => {
    const Strict = defineEvent('test.strict', {
      schema: z.object({ n: z.number() }).refine(async ({ n }) => n > 0),
      compatibility: 'none',
    })
    const Twin = defineEvent('test.strict', { schema: z.object({ n: z.number() }) })
    const { app } = await start({ contracts: [Strict] })
    await expect(app.publish(Strict, { n: 0 })).rejects.toMatchObject({ code: 'DATA_INVALID' })
    await expect(app.publish(Twin, { n: 0 })).rejects.toMatchObject({ code: 'CONTRACT_DUPLICATE' })
    await expect(app.publish(Twin, { n: 'x' as never })).rejects.toMatchObject({ code: 'DATA_INVALID' })
    await app.publish(Strict, { n: 1 })
  })
})

describe('an id that the caller chose', () => {
  test('is published once; the second time is told as a duplicate, with the place of the first', async () => {
    const { app, store } = await start({ contracts: [Noted] })
    const first = await app.publish(Noted, { n: 1 }, { id: 'invoice-1' })
    const second = await app.publish(Noted, { n: 1 }, { id: 'invoice-1' })
    expect(first).toEqual({ id: 'invoice-1', position: 1, duplicate: false })
    expect(second).toEqual({ id: 'invoice-1', position: 1, duplicate: true })
    expect((await store.readLog({ after: 0, limit: 10 })).records).toHaveLength(1)
  })

  test('also when both are under way at once, and in one unit', async () => {
    const { app, store } = await start({ contracts: [Noted] })
    const both = await Promise.all([
      app.publish(Noted, { n: 1 }, { id: 'x' }),
      app.publish(Noted, { n: 1 }, { id: 'x' }),
    ])
    expect(both.map(({ duplicate }) => duplicate)).toEqual([false, true])
    const unit = await app.publishAll([message(Noted, { n: 2 }, { id: 'y' }), message(Noted, { n: 2 }, { id: 'y' })])
    expect(unit.map(({ duplicate }) => duplicate)).toEqual([false, true])
    expect((await store.readLog({ after: 0, limit: 10 })).records).toHaveLength(2)
  })

  test('is its own in each topic', async () => {
    const { app } = await start({ contracts: [Ordered, Changed] })
    await app.publish(Ordered, { key: 'a', n: 1 }, { id: 'x' })
    expect(await app.publish(Changed, { key: 'a', n: 1 }, { id: 'x' })).toMatchObject({ duplicate: false })
  })
})

describe('publishAll', () => {
  test('publishes all messages in order, in one unit', async () => {
    const { app, store } = await start({ contracts: [Ordered, Noted] })
    const published = await app.publishAll([
      message(Ordered, { key: 'a', n: 1 }),
      message(Noted, { n: 2 }, { afterMs: 1_000 }),
      message(Noted, { n: 3 }, { subject: 'third' }),
    ])
    expect(published.map(({ position }) => position)).toEqual([1, 0, 2])
    const { records } = await store.readLog({ after: 0, limit: 10 })
    expect(records.map(({ event }) => event.data)).toEqual(['{"key":"a","n":1}', '{"n":3}'])
    expect(await app.schedule.list()).toMatchObject([{ id: published[1]!.id }])
  })

  test('publishes nothing when one of them is refused', async () => {
    const { app, store } = await start({ contracts: [Noted] })
    await expect(
      app.publishAll([message(Noted, { n: 1 }), message(Noted, { n: 'two' as never }), message(Noted, { n: 3 })]),
    ).rejects.toMatchObject({ code: 'DATA_INVALID' })
    expect((await store.readLog({ after: 0, limit: 10 })).records).toEqual([])
  })

  test('of nothing is nothing', async () => {
    const { app } = await start({})
    expect(await app.publishAll([])).toEqual([])
  })
})

describe('the caller’s own statements', () => {
  test('commit with the messages, or neither', async () => {
    const { app, store } = await start({ contracts: [Noted] })
    await app.sql([{ text: 'CREATE TABLE orders (id TEXT PRIMARY KEY)', parameters: [] }])
    const insert = { text: 'INSERT INTO orders VALUES (?)', parameters: ['o-1'] }
    await app.sql([insert], [message(Noted, { n: 1 })])
    await expect(app.sql([insert], [message(Noted, { n: 2 })])).rejects.toMatchObject({ code: 'SQL_FAILED' })
    expect(await app.query('SELECT id FROM orders')).toEqual([{ id: 'o-1' }])
    expect((await store.readLog({ after: 0, limit: 10 })).records).toHaveLength(1)
  })
})

describe('append', () => {
  test('appends at the expected revision, or to none, and refuses another one', async () => {
    const { app } = await start({ contracts: [Ordered] })
    const one = (n: number) => [message(Ordered, { key: 'a', n })]
    await app.append('order-1', [...one(1), ...one(2)], { expectedRevision: 'none' })
    await app.append('order-1', one(3), { expectedRevision: 1 })
    await expect(app.append('order-1', one(4), { expectedRevision: 1 })).rejects.toMatchObject({
      code: 'REVISION_CONFLICT',
      fields: { stream: 'order-1', expected: 1, actual: 2 },
    })
    await app.append('order-1', one(5))
    const events = await app.readStream('order-1', { from: 1, limit: 2 })
    expect(events.map(({ event, revision, position }) => [event.data, revision, position])).toEqual([
      [{ key: 'a', n: 2 }, 1, 2],
      [{ key: 'a', n: 3 }, 2, 3],
    ])
  })
})

test('documents outside of handlers: expected versions, lists by prefix and page', async () => {
  const { app } = await start({})
  const values = collection<{ n: number }>('values')
  await app.documents.put(values, 'a/1', { n: 1 }, { expectedVersion: 0 })
  await expect(app.documents.put(values, 'a/1', { n: 2 }, { expectedVersion: 0 })).rejects.toMatchObject({
    code: 'VERSION_CONFLICT',
    fields: { expected: 0, actual: 1 },
  })
  await app.documents.put(values, 'a/2', { n: 2 })
  await app.documents.put(values, 'b/1', { n: 3 })
  expect((await app.documents.list(values, { prefix: 'a/' })).map(({ key }) => key)).toEqual(['a/1', 'a/2'])
  expect((await app.documents.list(values, { after: 'a/1', limit: 1 })).map(({ key }) => key)).toEqual(['a/2'])
  await app.documents.delete(values, 'a/1', { expectedVersion: 1 })
  expect(await app.documents.get(values, 'a/1')).toBeUndefined()
  await expect(app.documents.put(values, 'c', undefined as never)).rejects.toMatchObject({ code: 'DATA_INVALID' })
})
