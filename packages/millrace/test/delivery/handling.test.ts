import { eventually } from '@millrace/testing'
import { collection, defineEvent, type Event, immediate, type Middleware, noRetry, service } from 'millrace'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Changed, Noted, Ordered } from '../app/contracts.ts'
import { type Started, start } from '../app/setup.ts'

const values = collection<{ n: number }>('values')
const state = async ({ app }: Started) => (await app.inspect()).subscriptions.find(({ name }) => name === 's')!
const never = new Promise<never>(() => {})

describe('the time of a handler is limited', () => {
  test('one that never settles fails with HANDLER_TIMEOUT, its signal aborts, and the next one is handled', async () => {
    const aborted: unknown[] = []
    const handled: number[] = []
    const s = service('s', { dispatch: 'serial' }).on(
      Noted,
      async ({ data: { n } }, { signal, documents }) => {
        documents.put(values, String(n), { n })
        if (n === 1) {
          signal.addEventListener('abort', () => aborted.push(signal.reason))
          await never
        }
        handled.push(n)
      },
      { timeoutMs: 5_000, retry: noRetry },
    )
    const { app, clock, store } = await start({ services: [s] })
    await app.publish(Noted, { n: 1 })
    await app.publish(Noted, { n: 2 })
    // The timer is set only for handlers that do not end at once.
    await eventually(() => clock.waiting > 0)
    await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(4_999)
    expect([aborted, handled]).toEqual([[], []])
    await clock.advance(1)
    await eventually(() => handled.length === 1)
    await app.idle()
    expect(aborted).toMatchObject([
      { code: 'HANDLER_TIMEOUT', fields: { subscription: 's', position: 1, timeoutMs: 5_000 } },
    ])
    const [dead] = await store.readKept({ subscription: 's', state: 'dead', limit: 1 })
    expect(dead).toMatchObject({ position: 1, history: [{ code: 'HANDLER_TIMEOUT' }] })
    expect((await app.documents.list(values)).map(({ key }) => key)).toEqual(['2'])
  })

  test('what it does after its time is refused', async () => {
    const late = Promise.withResolvers<void>()
    const refused = Promise.withResolvers<unknown>()
    const s = service('s').on(
      Noted,
      async (_event, { publish }) => {
        await late.promise
        try {
          publish(Changed, { key: 'late', n: 1 })
          refused.resolve('published')
        } catch (error) {
          refused.resolve(error)
        }
      },
      { timeoutMs: 5_000, retry: noRetry },
    )
    const started = await start({ services: [s], contracts: [Changed] })
    await started.app.publish(Noted, { n: 1 })
    await eventually(async () => {
      await started.clock.advance(5_000)
      return (await state(started)).dead === 1
    })
    late.resolve()
    expect(await refused.promise).toMatchObject({ code: 'EFFECTS_SEALED' })
  })

  test('a schema that never settles is under the limit, too, and its handler is not begun afterwards', async () => {
    let settle: (() => void) | undefined
    const Slow = defineEvent('test.slow', {
      schema: z
        .object({ n: z.number() })
        .refine(({ n }) => n === 0 || new Promise((resolve) => (settle = () => resolve(true)))),
      compatibility: 'none',
    })
    let handled = 0
    const s = service('s').on(Slow, () => void handled++, { timeoutMs: 5_000, retry: noRetry })
    const started = await start({ services: [s] })
    const publishing = started.app.publish(Slow, { n: 1 })
    await eventually(() => settle !== undefined)
    settle!()
    settle = undefined
    await publishing
    await eventually(() => settle !== undefined)
    await eventually(async () => {
      await started.clock.advance(5_000)
      return (await state(started)).dead === 1
    })
    settle!()
    await started.app.idle()
    expect(handled).toBe(0)
  })
})

describe('events that are not handled have a counter and a reason', () => {
  test('filtered', async () => {
    const handled: number[] = []
    const s = service('s').on(Noted, ({ data }) => void handled.push(data.n), {
      filter: ({ data }) => data.n % 2 === 0,
    })
    const started = await start({ services: [s] })
    for (const n of [1, 2, 3, 4]) await started.app.publish(Noted, { n })
    await started.app.idle()
    expect(handled).toEqual([2, 4])
    expect((await state(started)).settled).toEqual({ filtered: 2, handled: 2 })
  })

  test('a filter that throws parks the event', async () => {
    let broken = true
    const s = service('s').on(Noted, () => {}, {
      filter: () => {
        if (broken) throw new Error('filter')
        return true
      },
      retry: () => ({ delayMs: 1_000 }),
    })
    const started = await start({ services: [s] })
    await started.app.publish(Noted, { n: 1 })
    await started.app.idle()
    expect(await started.store.readKept({ subscription: 's', state: 'pending', limit: 1 })).toMatchObject([
      { reason: 'retry', history: [{ message: 'filter' }] },
    ])
    broken = false
    await started.clock.advance(1_000)
    await eventually(async () => (await state(started)).settled.handled === 1)
  })

  test('unhandled: another type in a topic of the service', async () => {
    const Other = defineEvent('test.other', { schema: z.object({}), topic: Noted.topic })
    const handled: string[] = []
    const s = service('s').on(Noted, ({ type }) => void handled.push(type))
    const started = await start({ services: [s], contracts: [Other] })
    await started.app.publish(Other, {})
    await started.app.publish(Noted, { n: 1 })
    await started.app.idle()
    expect(handled).toEqual([Noted.name])
    expect((await state(started)).settled).toEqual({ unhandled: 1, handled: 1 })
  })

  test('expired before they were handled: dropped, or dead-lettered if asked', async () => {
    const Brief = defineEvent('test.brief', { schema: z.object({ n: z.number() }), ttlMs: 1_000 })
    const handled: string[] = []
    const dropping = service('s').on(Brief, ({ data }) => void handled.push(`s ${data.n}`))
    const keeping = service('k').on(Brief, ({ data }) => void handled.push(`k ${data.n}`), { expired: 'dead-letter' })
    const started = await start({ contracts: [Brief] })
    const { app, clock, store } = started
    await app.publish(Brief, { n: 1 })
    await app.publish(Brief, { n: 2 }, { ttlMs: 2_000 })
    await app.publish(Brief, { n: 3 }, { expiresAt: new Date(clock.now() + 999) })
    await clock.advance(1_000)
    await app.publish(Brief, { n: 4 })
    await app.subscribe(dropping)
    await app.subscribe(keeping)
    await app.idle()
    expect(handled.sort()).toEqual(['k 2', 'k 4', 's 2', 's 4'])
    expect((await state(started)).settled).toEqual({ expired: 2, handled: 2 })
    const dead = await store.readKept({ subscription: 'k', state: 'dead', limit: 10 })
    expect(dead.map(({ event, reason, history }) => [JSON.parse(event.data!).n, reason, history[0]!.code])).toEqual([
      [1, 'expired', 'EVENT_EXPIRED'],
      [3, 'expired', 'EVENT_EXPIRED'],
    ])
  })

  test('expired while it waited for its retry', async () => {
    let attempts = 0
    const s = service('s').on(
      Noted,
      () => {
        attempts++
        throw new Error('no')
      },
      { retry: () => ({ delayMs: 1_000 }) },
    )
    const started = await start({ services: [s] })
    await started.app.publish(Noted, { n: 1 }, { ttlMs: 1_500 })
    await started.app.idle()
    await started.clock.advance(1_000)
    await eventually(() => attempts === 2)
    await eventually(async () => {
      await started.clock.advance(1_000)
      return (await state(started)).settled.expired === 1
    })
    expect(attempts).toBe(2)
  })

  test('expired when it is published: refused, as nobody would handle it', async () => {
    const refused: unknown[] = []
    const s = service('s').on(Ordered, ({ data }, { publish }) => {
      try {
        publish(Changed, data, { expiresAt: new Date(0) })
      } catch (error) {
        refused.push(error)
      }
    })
    const { app, clock } = await start({ services: [s], contracts: [Noted, Changed] })
    await expect(app.publish(Noted, { n: 1 }, { expiresAt: new Date(clock.now()) })).rejects.toMatchObject({
      code: 'EVENT_EXPIRED',
    })
    await app.publish(Ordered, { key: 'a', n: 1 })
    await app.idle()
    expect(refused).toMatchObject([{ code: 'EVENT_EXPIRED' }])
  })
})

describe('middleware', () => {
  const tracing =
    (name: string, trace: string[]): Middleware =>
    async (event, context, next) => {
      trace.push(`${name} before ${event.type}`)
      try {
        return await next()
      } finally {
        trace.push(`${name} after attempt ${context.attempt}`)
      }
    }

  test('wraps from the application inwards to the service, the first one outermost', async () => {
    const trace: string[] = []
    const s = service('s')
      .use(tracing('first', trace))
      .on(Noted, () => void trace.push('handler'))
      .use(tracing('second', trace))
    const { app } = await start({ services: [s], middleware: [tracing('app', trace)] })
    await app.publish(Noted, { n: 1 })
    await app.idle()
    expect(trace).toEqual([
      'app before test.noted',
      'first before test.noted',
      'second before test.noted',
      'handler',
      'second after attempt 1',
      'first after attempt 1',
      'app after attempt 1',
    ])
  })

  test('fails the attempt by throwing, sees the errors of the handler, and may leave it out', async () => {
    const caught: unknown[] = []
    const s = service('s')
      .use((event, _context, next) => {
        if ((event.data as { n: number }).n === 1) throw new Error('not in')
        if ((event.data as { n: number }).n === 2) return undefined
        return next()
      })
      .use(async (_event, _context, next) => {
        try {
          return await next()
        } catch (error) {
          caught.push((error as Error).message)
          throw error
        }
      })
      .on(
        Noted,
        ({ data }, { documents }) => {
          documents.put(values, String(data.n), { n: data.n })
          if (data.n === 3) throw new Error('no')
        },
        { retry: immediate({ attempts: 2 }) },
      )
    const started = await start({ services: [s] })
    for (const n of [1, 2, 3, 4]) await started.app.publish(Noted, { n })
    await eventually(async () => (await state(started)).dead === 2)
    expect((await state(started)).settled).toEqual({ handled: 2 })
    expect(caught).toEqual(['no', 'no'])
    expect((await started.app.documents.list(values)).map(({ key }) => key)).toEqual(['4'])
  })
})

describe('who handles an event', () => {
  test('its contract first, then the first pattern that matches; once, also where patterns overlap', async () => {
    const handled: string[] = []
    const note = (name: string) => (event: Event) => void handled.push(`${name} ${event.type}`)
    const s = service('s').on('test.**', note('all')).on('test.*', note('one level')).on(Noted, note('contract'))
    const Deep = defineEvent('test.deep.down', { schema: z.object({}) })
    const started = await start({ services: [s], contracts: [Deep, Changed] })
    await started.app.publish(Noted, { n: 1 })
    await started.app.publish(Deep, {})
    await started.app.publish(Changed, { key: 'a', n: 1 })
    await started.app.idle()
    expect(handled.sort()).toEqual(['all test.changed', 'all test.deep.down', 'contract test.noted'])
    expect((await state(started)).settled).toEqual({ handled: 3 })
  })

  test('a pattern gets events of types that the application does not know, as they were published', async () => {
    const seen: unknown[] = []
    const s = service('s').on('elsewhere.*', ({ type, data }) => void seen.push([type, data]))
    const { app, store } = await start({ services: [s] })
    const header = { topic: 'elsewhere.done', type: 'elsewhere.done', version: 3, source: '/elsewhere' }
    const event = { header, id: 'x', key: null, timeMs: 0, expiresMs: null, attributes: null, data: '{"a":1}' }
    await store.commit({ append: [{ event }] })
    await app.idle()
    expect(seen).toEqual([['elsewhere.done', { a: 1 }]])
  })

  test('two services each get every event, and a slow one does not hold up the other', async () => {
    const release = Promise.withResolvers<void>()
    const quick: number[] = []
    const { app } = await start({
      services: [
        service('slow', { dispatch: 'serial' }).on(Noted, () => release.promise),
        service('quick', { dispatch: 'serial' }).on(Noted, ({ data }) => void quick.push(data.n)),
      ],
    })
    for (const n of [1, 2, 3]) await app.publish(Noted, { n })
    await app.idle(['quick'])
    expect(quick).toEqual([1, 2, 3])
    expect((await app.inspect()).subscriptions.find(({ name }) => name === 'slow')).toMatchObject({ lag: 3 })
    release.resolve()
    await app.idle()
  })

  test('correlation and causation flow to what a handler publishes', async () => {
    const seen: Event[] = []
    const { app } = await start({
      services: [
        service('first').on(Ordered, ({ data }, { publish }) => publish(Changed, data)),
        service('second').on(Changed, (event) => void seen.push(event)),
      ],
    })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const { id } = await app.publish(Ordered, { key: 'a', n: 1 }, { correlationId: 'talk', traceparent })
    await eventually(() => seen.length === 1)
    expect(seen[0]).toMatchObject({ correlationid: 'talk', causationid: id, traceparent, partitionkey: 'a' })
  })

  test('events and their data cannot be changed by a handler', async () => {
    const errors: unknown[] = []
    const s = service('s').on(Noted, (event) => {
      for (const change of [
        () => ((event as { id: string }).id = 'other'),
        () => ((event.data as { n: number }).n = 2),
      ]) {
        try {
          change()
        } catch (error) {
          errors.push(error)
        }
      }
    })
    const { app } = await start({ services: [s] })
    await app.publish(Noted, { n: 1 })
    await app.idle()
    expect(errors).toEqual([expect.any(TypeError), expect.any(TypeError)])
  })
})
