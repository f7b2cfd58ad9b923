import { join } from 'node:path'
import { eventually, simulatedClock } from '@millrace/testing'
import { collection, defineCommand, defineQuery, immediate, noRetry, refuse, service } from 'millrace'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { start, stopAtLast } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'

const Charge = defineCommand('test.charge', {
  schema: z.object({ order: z.string(), cents: z.number().int() }),
  reply: z.object({ receipt: z.string(), at: z.iso.datetime().transform((text) => new Date(text)) }),
})
const Forget = defineCommand('test.forget', { schema: z.object({ order: z.string() }) })
const Price = defineQuery('test.price', {
  schema: z.object({ sku: z.string() }),
  reply: z.object({ cents: z.number() }),
})

const charged = collection<{ cents: number }>('charged')

/** Charges; order `poor` is refused, `broken` fails, `slow` waits. */
function till(calls: string[] = [], slow: Promise<void> = Promise.resolve()) {
  return service('till')
    .handle(
      Charge,
      async ({ data: { order, cents } }, { documents }) => {
        calls.push(order)
        documents.put(charged, order, { cents })
        if (order === 'poor') refuse('no cover', { missing: cents })
        if (order === 'broken') throw new RangeError('drawer jammed')
        if (order === 'odd') return { receipt: 7 as never, at: '2025-01-01T00:00:00Z' }
        if (order === 'slow') await slow
        return { receipt: `r-${order}`, at: '2025-01-01T00:00:00Z' }
      },
      { retry: immediate({ attempts: 2 }) },
    )
    .handle(Forget, ({ data }) => void calls.push(`forget ${data.order}`))
    .answer(Price, ({ data: { sku } }) => {
      calls.push(sku)
      if (sku === 'none') throw new Error('no such thing')
      return { cents: sku.length }
    })
}

describe('a request', () => {
  test('resolves with the reply as its schema gives it; the effects are there by then', async () => {
    const { app } = await start({ services: [till()] })
    const reply = await app.request(Charge, { order: 'o-1', cents: 100 })
    expect(reply).toEqual({ receipt: 'r-o-1', at: new Date('2025-01-01T00:00:00Z') })
    expect(await app.documents.get(charged, 'o-1')).toEqual({ cents: 100 })
    expect(await app.request(Price, { sku: 'abc' })).toEqual({ cents: 3 })
    expect(await app.request(Forget, { order: 'o-1' })).toBeUndefined()
  })

  test('many at once each get their own reply', async () => {
    const { app } = await start({ services: [till()] })
    const replies = await Promise.all(Array.from({ length: 100 }, (_, n) => app.request(Price, { sku: 'x'.repeat(n) })))
    expect(replies.map(({ cents }) => cents)).toEqual(Array.from({ length: 100 }, (_, n) => n))
  })

  test('is answered by a service in another application on the store', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const clock = simulatedClock()
    await start({ path, clock, services: [till()] })
    const { app } = await start({ path, clock, contracts: [Price] })
    const reply = app.request(Price, { sku: 'abc' })
    let answered = false
    void reply.then(() => (answered = true))
    await eventually(async () => {
      await clock.advance(10)
      return answered
    })
    expect(await reply).toEqual({ cents: 3 })
  })

  test('that is refused rejects with the reason; there is no retry and no effect', async () => {
    const calls: string[] = []
    const { app } = await start({ services: [till(calls)] })
    await expect(app.request(Charge, { order: 'poor', cents: 100 })).rejects.toMatchObject({
      code: 'COMMAND_REFUSED',
      fields: { reason: 'no cover', details: { missing: 100 } },
    })
    expect(calls).toEqual(['poor'])
    expect(await app.documents.get(charged, 'poor')).toBeUndefined()
    expect((await app.inspect()).subscriptions).toMatchObject([{ settled: { refused: 1 }, dead: 0 }])
  })

  test('whose handler fails: a command is retried and rejects when it is given up, a query rejects at once', async () => {
    const calls: string[] = []
    const { app } = await start({ services: [till(calls)] })
    await expect(app.request(Charge, { order: 'broken', cents: 1 })).rejects.toMatchObject({
      code: 'REQUEST_FAILED',
      fields: { contract: Charge.name, name: 'RangeError', message: 'drawer jammed', code: null },
    })
    await expect(app.request(Price, { sku: 'none' })).rejects.toMatchObject({ code: 'REQUEST_FAILED' })
    expect(calls).toEqual(['broken', 'broken', 'none'])
    expect((await app.inspect()).subscriptions).toMatchObject([{ settled: { discarded: 1 }, dead: 1 }])
  })

  test('whose reply does not fit its contract fails where it is answered', async () => {
    const { app } = await start({ services: [till()] })
    await expect(app.request(Charge, { order: 'odd', cents: 1 })).rejects.toMatchObject({
      code: 'REQUEST_FAILED',
      fields: { code: 'DATA_INVALID', message: expect.stringContaining('receipt') },
    })
    expect(await app.documents.get(charged, 'odd')).toBeUndefined()
  })

  test('rejects after its time; a reply that comes later is counted', async () => {
    const release = Promise.withResolvers<void>()
    const { app, clock, logged } = await start({ services: [till([], release.promise)] })
    const request = app.request(Charge, { order: 'slow', cents: 1 }, { timeoutMs: 1_000 })
    const rejected = expect(request).rejects.toMatchObject({
      code: 'REQUEST_TIMEOUT',
      fields: { contract: Charge.name, timeoutMs: 1_000 },
    })
    await app.idle([]).then(() => clock.advance(1_000))
    await rejected
    release.resolve()
    await eventually(async () => (await app.inspect()).counters.length === 1)
    expect((await app.inspect()).counters).toEqual([{ name: 'late-reply', subject: '_millrace.replies', value: 1 }])
    expect(logged.some(({ level, message }) => level === 'warn' && message.includes('too late'))).toBe(true)
    // The command was done all the same.
    expect(await app.documents.get(charged, 'slow')).toEqual({ cents: 1 })
  })

  test('a query that nobody answered in time is not answered any more', async () => {
    const calls: string[] = []
    const path = join(temporaryFolder(), 'store.db')
    const clock = simulatedClock()
    const first = await start({ path, clock, services: [till(calls)] })
    await first.app.stop()
    const { app } = await start({ path, clock, contracts: [Price] })
    const rejected = expect(app.request(Price, { sku: 'abc' }, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'REQUEST_TIMEOUT',
    })
    await eventually(async () => {
      await clock.advance(100)
      return clock.now() > 1_735_689_600_000 + 1_000
    })
    await rejected
    const second = await start({ path, clock, services: [till(calls)] })
    await second.app.idle()
    expect(calls).toEqual([])
    expect((await second.app.inspect()).subscriptions).toMatchObject([{ settled: { expired: 1 } }])
  })

  test('is given up by its signal, before and while it waits', async () => {
    const release = Promise.withResolvers<void>()
    const { app } = await start({ services: [till([], release.promise)] })
    const gone = new Error('gone')
    await expect(app.request(Price, { sku: 'a' }, { signal: AbortSignal.abort(gone) })).rejects.toBe(gone)
    const controller = new AbortController()
    const waiting = app.request(Charge, { order: 'slow', cents: 1 }, { signal: controller.signal })
    const rejected = expect(waiting).rejects.toBe(gone)
    await eventually(async () => (await app.inspect()).head > 0)
    controller.abort(gone)
    await rejected
    release.resolve()
  })

  test('rejects when its application stops', async () => {
    const release = Promise.withResolvers<void>()
    const { app, clock } = await start({ services: [till([], release.promise)] })
    const request = app.request(Charge, { order: 'slow', cents: 1 }, { timeoutMs: 60_000 })
    const rejected = expect(request).rejects.toMatchObject({ code: 'APP_NOT_RUNNING' })
    await eventually(async () => (await app.inspect()).head > 0)
    await stopAtLast(app, clock)
    await rejected
  })
})

describe('a repeated request', () => {
  test('gets the first answer, and is handled once', async () => {
    const calls: string[] = []
    const { app } = await start({ services: [till(calls)] })
    const first = await app.request(Charge, { order: 'o-1', cents: 100 }, { id: 'pay-1' })
    const second = await app.request(Charge, { order: 'o-1', cents: 100 }, { id: 'pay-1' })
    expect(second).toEqual(first)
    expect(calls).toEqual(['o-1'])
  })

  test('also while the first is under way, in the same application', async () => {
    const calls: string[] = []
    const release = Promise.withResolvers<void>()
    const { app } = await start({ services: [till(calls, release.promise)] })
    const both = [1, 2].map(() => app.request(Charge, { order: 'slow', cents: 1 }, { id: 'pay-1' }))
    await eventually(() => calls.length === 1)
    release.resolve()
    const [first, second] = await Promise.all(both)
    expect(second).toEqual(first)
    expect(calls).toEqual(['slow'])
  })

  test('gets the first refusal and the first error, too, also after a restart', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const calls: string[] = []
    const first = await start({ path, services: [till(calls)] })
    const poor = { order: 'poor', cents: 1 }
    const broken = { order: 'broken', cents: 1 }
    await expect(first.app.request(Charge, poor, { id: 'a' })).rejects.toMatchObject({ code: 'COMMAND_REFUSED' })
    await expect(first.app.request(Charge, broken, { id: 'b' })).rejects.toMatchObject({ code: 'REQUEST_FAILED' })
    await first.app.stop()
    const second = await start({ path, services: [till(calls)] })
    await expect(second.app.request(Charge, poor, { id: 'a' })).rejects.toMatchObject({
      code: 'COMMAND_REFUSED',
      fields: { reason: 'no cover' },
    })
    await expect(second.app.request(Charge, broken, { id: 'b' })).rejects.toMatchObject({
      fields: { message: 'drawer jammed' },
    })
    expect(calls).toEqual(['poor', 'broken', 'broken'])
  })
})

describe('a command', () => {
  test('is sent without waiting for a reply, from outside and from a handler', async () => {
    const calls: string[] = []
    const Start = defineCommand('test.start', { schema: z.object({}) })
    const starter = service('starter').handle(Start, (_event, { send }) => send(Forget, { order: 'from a handler' }))
    const { app } = await start({ services: [till(calls), starter] })
    await app.send(Forget, { order: 'from outside' })
    await app.send(Start, {})
    await eventually(() => calls.length === 2)
    expect(calls).toEqual(['forget from outside', 'forget from a handler'])
    // Nobody asked for replies.
    expect((await app.inspect()).topics.map(({ name }) => name)).not.toContain('_millrace.replies')
  })

  test('that nobody handles is an error where it is sent, also for a handler', async () => {
    const Nobody = defineCommand('test.nobody', { schema: z.object({}) })
    const Start = defineCommand('test.start', { schema: z.object({}) })
    const starter = service('starter').handle(
      Start,
      (_event, { send }) => {
        send(Nobody, {})
      },
      { retry: noRetry },
    )
    const { app, store } = await start({ services: [starter] })
    await expect(app.send(Nobody, {})).rejects.toMatchObject({
      code: 'COMMAND_UNHANDLED',
      fields: { contract: 'test.nobody' },
    })
    await expect(app.send(Nobody, { n: 1 } as never)).rejects.toMatchObject({ code: 'COMMAND_UNHANDLED' })
    await expect(app.request(Price, { sku: 'a' })).rejects.toMatchObject({ code: 'COMMAND_UNHANDLED' })
    await expect(app.request(Price, { sku: 1 } as never)).rejects.toMatchObject({ code: 'DATA_INVALID' })
    await app.send(Start, {})
    await app.idle()
    const [dead] = await store.readKept({ subscription: 'starter', state: 'dead', limit: 1 })
    expect(dead).toMatchObject({ history: [{ code: 'COMMAND_UNHANDLED' }] })
  })

  test('is kept for its handler while that is not running', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const calls: string[] = []
    const first = await start({ path, services: [till(calls)] })
    await first.app.stop()
    const between = await start({ path, contracts: [Forget] })
    await between.app.send(Forget, { order: 'later' })
    await between.app.stop()
    const second = await start({ path, services: [till(calls)] })
    await second.app.idle()
    expect(calls).toEqual(['forget later'])
  })

  test('has one handler: a second one is refused at start, in one application and in another', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const other = service('other').handle(Forget, () => {})
    await expect(start({ services: [till(), other] })).rejects.toMatchObject({
      code: 'HANDLER_DUPLICATE',
      fields: { message: Forget.name, service: 'other', other: 'till' },
    })
    const first = await start({ path, services: [till()] })
    await expect(start({ path, services: [other] })).rejects.toMatchObject({
      code: 'HANDLER_DUPLICATE',
      fields: { message: Forget.name, service: 'other', other: 'till' },
    })
    await expect(first.app.subscribe(other)).rejects.toMatchObject({ code: 'HANDLER_DUPLICATE' })
    // When its handler has gone, another service may have it.
    await first.app.unsubscribe('till')
    await first.app.subscribe(other)
  })
})
