import { eventually } from '@millrace/testing'
import fc from 'fast-check'
import { message, type Streamed } from 'millrace'
import { describe, expect, test } from 'vitest'
import { Changed, Noted, Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const numberOf = ({ event }: Streamed): number => (event.data as { n: number }).n

describe('a stream of events', () => {
  test('from history into live: no gap and no double, however publishing and reading interleave', async () => {
    const plan = fc.record({
      history: fc.nat({ max: 600 }),
      /** How many are published at once, turn after turn. */
      live: fc.array(fc.nat({ max: 30 }), { maxLength: 20 }),
      /** How many turns the reader takes for an event, by turns. */
      pace: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(plan, async ({ history, live, pace }) => {
        const { app } = await start({ contracts: [Noted, Changed] })
        let published = 0
        const publish = (count: number) =>
          app.publishAll(Array.from({ length: count }, () => message(Noted, { n: published++ })))
        await publish(history)
        await app.publish(Changed, { key: 'a', n: -1 })
        const total = history + live.reduce((sum, count) => sum + count, 0)
        const read: number[] = []
        const reading = (async () => {
          if (total === 0) return
          for await (const streamed of app.events(Noted.topic, { from: 'beginning' })) {
            read.push(numberOf(streamed))
            if (read.length === total) break
            for (let i = pace[read.length % pace.length]!; i > 0; i--) await turn()
          }
        })()
        for (const count of live) {
          await turn()
          await publish(count)
        }
        await reading
        await app.stop()
        expect(read).toEqual(Array.from({ length: total }, (_, n) => n))
      }),
      { numRuns: 20 },
    )
  })

  async function published() {
    const started = await start({ contracts: [Ordered, Changed, Noted] })
    const { app, clock } = started
    await app.publish(Ordered, { key: 'a', n: 1 })
    await app.publish(Changed, { key: 'a', n: 2 })
    await clock.advance(1_000)
    await app.publish(Noted, { n: 3 })
    await app.publish(Ordered, { key: 'a', n: 4 })
    return started
  }

  test('begins at the beginning, now, a position or a time, and may end where the log ended', async () => {
    const { app, clock } = await published()
    const read = async (
      from: NonNullable<Parameters<typeof app.events>[1]>['from'],
      topics: string | string[] = 'test.*',
    ) => {
      const all: number[] = []
      for await (const streamed of app.events(topics, { ...(from === undefined ? {} : { from }), live: false })) {
        all.push(numberOf(streamed))
      }
      return all
    }
    expect(await read('beginning')).toEqual([1, 2, 3, 4])
    expect(await read(undefined)).toEqual([])
    expect(await read('now')).toEqual([])
    expect(await read({ position: 2 })).toEqual([2, 3, 4])
    expect(await read({ time: new Date(clock.now()) })).toEqual([3, 4])
    expect(await read('beginning', Ordered.topic)).toEqual([1, 4])
    expect(await read('beginning', [Changed.topic, Noted.topic])).toEqual([2, 3])
  })

  test('tells where and when each event lies', async () => {
    const { app, clock } = await published()
    for await (const streamed of app.events(Noted.topic, { from: 'beginning' })) {
      expect(streamed).toMatchObject({
        topic: Noted.topic,
        position: 3,
        appendedAt: new Date(clock.now()),
        event: { type: Noted.name },
      })
      break
    }
  })

  test('ends when its signal aborts, also while it waits', async () => {
    const { app } = await published()
    const controller = new AbortController()
    const read: number[] = []
    const reading = (async () => {
      for await (const streamed of app.events('test.*', { from: 'beginning', signal: controller.signal }))
        read.push(numberOf(streamed))
    })()
    await eventually(() => read.length === 4)
    controller.abort()
    await reading
    for await (const _ of app.events('test.*', { from: 'beginning', signal: controller.signal })) expect.unreachable()
  })

  test('ends when the application stops', async () => {
    const { app } = await published()
    const read: number[] = []
    const reading = (async () => {
      for await (const streamed of app.events('test.*', { from: 'beginning' })) read.push(numberOf(streamed))
    })()
    await eventually(() => read.length === 4)
    await app.stop()
    await reading
  })

  test('of internal topics is read only by name', async () => {
    const { app, store } = await published()
    const header = { topic: '_millrace.secret', type: '_millrace.secret', version: 1, source: '/' }
    await store.commit({
      append: [
        { event: { header, id: 'x', key: null, timeMs: 0, expiresMs: null, attributes: null, data: '{"n":9}' } },
      ],
    })
    const read = async (topic: string) => {
      const all: number[] = []
      for await (const streamed of app.events(topic, { from: 'beginning', live: false })) all.push(numberOf(streamed))
      return all
    }
    expect(await read('**')).toEqual([1, 2, 3, 4])
    expect(await read('_millrace.**')).toEqual([9])
  })
})
