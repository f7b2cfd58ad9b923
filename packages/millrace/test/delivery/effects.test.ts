import { eventually } from '@millrace/testing'
import { collection, fixed, message, noRetry, service } from 'millrace'
import { describe, expect, test } from 'vitest'
import { Changed, Noted, Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'

const counters = collection<{ n: number }>('counters')

describe('what a handler does commits with its acknowledgement', () => {
  test('all of it: events, stream events, documents, statements, timers', async () => {
    const all = service('all').on(Ordered, async ({ data }, { publish, append, documents, sql }) => {
      publish(Changed, data)
      publish(Noted, { n: data.n }, { afterMs: 1_000 })
      append('stream-1', Changed, { ...data, key: 'streamed' })
      documents.put(counters, data.key, { n: data.n })
      sql('INSERT INTO handled (n) VALUES (?)', data.n)
    })
    const { app, store } = await start({ services: [all], contracts: [Changed, Noted] })
    await app.sql([{ text: 'CREATE TABLE handled (n INTEGER)', parameters: [] }])

    await app.publish(Ordered, { key: 'a', n: 7 })
    await app.idle()

    const published = await store.readLog({ after: 0, topics: [Changed.topic], limit: 10 })
    expect(published.records.map(({ event }) => JSON.parse(event.data!).key)).toEqual(['a', 'streamed'])
    expect((await app.readStream('stream-1')).map(({ event, revision }) => [event.data, revision])).toEqual([
      [{ key: 'streamed', n: 7 }, 0],
    ])
    expect(await app.documents.get(counters, 'a')).toEqual({ n: 7 })
    expect(await app.query('SELECT n FROM handled')).toEqual([{ n: 7 }])
    expect(await app.schedule.list()).toMatchObject([{ type: Noted.name }])
  })

  test('nothing of it when the handler throws, however late', async () => {
    let attempts = 0
    const failing = service('failing').on(
      Ordered,
      async ({ data }, { publish, append, documents, sql }) => {
        attempts++
        publish(Changed, data)
        publish(Noted, { n: data.n }, { afterMs: 1_000 })
        append('stream-1', Changed, data)
        documents.put(counters, data.key, { n: data.n })
        sql('INSERT INTO handled (n) VALUES (?)', data.n)
        await documents.get(counters, 'another')
        throw new Error('at the very end')
      },
      { retry: noRetry },
    )
    const { app, store } = await start({ services: [failing], contracts: [Changed, Noted] })
    await app.sql([{ text: 'CREATE TABLE handled (n INTEGER)', parameters: [] }])

    await app.publish(Ordered, { key: 'a', n: 7 })
    await app.idle()

    expect(attempts).toBe(1)
    expect((await store.readLog({ after: 0, topics: [Changed.topic], limit: 10 })).records).toEqual([])
    expect(await app.readStream('stream-1')).toEqual([])
    expect(await app.documents.get(counters, 'a')).toBeUndefined()
    expect(await app.query('SELECT n FROM handled')).toEqual([])
    expect(await app.schedule.list()).toEqual([])
    expect((await app.inspect()).subscriptions).toMatchObject([{ name: 'failing', dead: 1, lag: 0 }])
  })

  test('nothing of it when its own statement fails, and the neighbours in the batch keep theirs', async () => {
    const attempts: number[] = []
    const inserting = service('inserting', { dispatch: 'serial' }).on(
      Noted,
      ({ data }, { publish, sql }) => {
        attempts.push(data.n)
        publish(Changed, { key: 'k', n: data.n })
        sql('INSERT INTO handled (n) VALUES (?)', data.n === 3 ? 2 : data.n)
      },
      { retry: noRetry },
    )
    const { app, store } = await start({ contracts: [Noted, Changed] })
    await app.sql([{ text: 'CREATE TABLE handled (n INTEGER PRIMARY KEY)', parameters: [] }])
    await app.publishAll([1, 2, 3, 4, 5].map((n) => message(Noted, { n })))

    await app.subscribe(inserting)
    await app.idle()

    expect(await app.query('SELECT n FROM handled ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }, { n: 5 }])
    const { records } = await store.readLog({ after: 0, topics: [Changed.topic], limit: 10 })
    expect(records.map(({ event }) => JSON.parse(event.data!).n)).toEqual([1, 2, 4, 5])
    const [dead] = await store.readKept({ subscription: 'inserting', state: 'dead', limit: 10 })
    expect(dead).toMatchObject({ position: 3, attempts: 1, history: [{ code: 'SQL_FAILED' }] })
    // Handled as one batch, then each by itself.
    expect(attempts).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
  })

  test('a statement with a value that SQL has not is laid to its own event', async () => {
    const inserting = service('inserting', { dispatch: 'serial' }).on(
      Noted,
      ({ data }, { sql }) =>
        sql('INSERT INTO handled (n) VALUES (?)', data.n === 2 ? (Symbol('none') as never) : data.n),
      { retry: noRetry },
    )
    const { app, store } = await start({ contracts: [Noted] })
    await app.sql([{ text: 'CREATE TABLE handled (n INTEGER)', parameters: [] }])
    await app.publishAll([1, 2, 3].map((n) => message(Noted, { n })))

    await app.subscribe(inserting)
    await app.idle()

    expect(await app.query('SELECT n FROM handled ORDER BY n')).toEqual([{ n: 1 }, { n: 3 }])
    expect(await store.readKept({ subscription: 'inserting', state: 'dead', limit: 10 })).toMatchObject([
      { position: 2 },
    ])
  })
})

describe('a batch', () => {
  test('sees what its earlier events wrote, and commits as one unit', async () => {
    const counting = service('counting', { dispatch: 'serial' }).on(Noted, async ({ data }, { documents }) => {
      const before = await documents.get(counters, 'all')
      documents.put(counters, 'all', { n: (before?.n ?? 0) + data.n })
    })
    const { app } = await start({ contracts: [Noted] })
    await app.publishAll(Array.from({ length: 100 }, (_, n) => message(Noted, { n })))

    await app.subscribe(counting)
    await app.idle()

    const { value, version } = (await app.documents.read(counters, 'all'))!
    expect(value).toEqual({ n: 4_950 })
    expect(version).toBeLessThan(100)
  })

  test('a slow handler does not hold up the commit of those before it', async () => {
    const release = Promise.withResolvers<void>()
    const slow = service('slow', { dispatch: 'serial' }).on(Noted, async ({ data }, { documents }) => {
      documents.put(counters, String(data.n), { n: data.n })
      if (data.n === 3) await release.promise
    })
    const { app } = await start({ contracts: [Noted] })
    await app.publishAll([1, 2, 3, 4].map((n) => message(Noted, { n })))
    await app.subscribe(slow)

    await eventually(async () => (await app.documents.list(counters)).length === 2)
    expect((await app.documents.list(counters)).map(({ key }) => key)).toEqual(['1', '2'])
    expect((await app.inspect()).subscriptions).toMatchObject([{ lag: 2 }])

    release.resolve()
    await app.idle()
    expect((await app.documents.list(counters)).map(({ key }) => key)).toEqual(['1', '2', '3', '4'])
  })

  test('an event that fails is parked in one unit with what went before it', async () => {
    const failing = service('failing', { dispatch: 'serial' }).on(
      Noted,
      ({ data }, { documents, attempt }) => {
        documents.put(counters, String(data.n), { n: attempt })
        if (data.n === 2 && attempt === 1) throw new Error('once')
      },
      { retry: fixed({ attempts: 2, delayMs: 1_000 }) },
    )
    const { app, store, clock } = await start({ contracts: [Noted] })
    await app.publishAll([1, 2, 3].map((n) => message(Noted, { n })))
    await app.subscribe(failing)

    await eventually(
      async () => (await store.readKept({ subscription: 'failing', state: 'pending', limit: 10 })).length,
    )
    expect((await app.documents.list(counters)).map(({ key }) => key)).toEqual(['1'])
    await clock.advance(1_000)
    await app.idle()
    expect((await app.documents.list(counters)).map(({ key, value }) => [key, value.n])).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', 1],
    ])
  })

  test('events are redone one by one when somebody else was faster, and none is lost', async () => {
    const begun = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    let first = true
    const counting = service('counting', { dispatch: 'serial' }).on(Noted, async ({ data }, { documents }) => {
      const before = await documents.get(counters, 'shared')
      documents.put(counters, 'shared', { n: (before?.n ?? 0) + data.n })
      if (data.n !== 3 || !first) return
      first = false
      begun.resolve()
      await release.promise
    })
    const { app } = await start({ contracts: [Noted] })
    await app.publishAll([1, 2, 3].map((n) => message(Noted, { n })))
    await app.subscribe(counting)

    await begun.promise
    await eventually(async () => (await app.documents.get(counters, 'shared'))?.n === 3)
    await app.documents.put(counters, 'shared', { n: 100 })
    release.resolve()
    await app.idle()

    expect(await app.documents.get(counters, 'shared')).toEqual({ n: 103 })
    expect((await app.inspect()).subscriptions).toMatchObject([{ settled: { handled: 3 }, dead: 0, parked: 0 }])
  })
})

describe('the context of a handler that has ended', () => {
  test('takes nothing more: what came late is refused, not dropped', async () => {
    const late: (() => void)[] = []
    const leaking = service('leaking').on(Ordered, ({ data }, { publish, append, documents, sql }) => {
      late.push(
        () => publish(Changed, data),
        () => append('stream-1', Changed, data),
        () => documents.put(counters, 'late', { n: 1 }),
        () => documents.delete(counters, 'late'),
        () => sql('SELECT 1'),
      )
    })
    const { app } = await start({ services: [leaking], contracts: [Changed] })
    await app.publish(Ordered, { key: 'a', n: 1 })
    await app.idle()

    expect(late).toHaveLength(5)
    for (const act of late) expect(act).toThrow(expect.objectContaining({ code: 'EFFECTS_SEALED' }))
  })
})
