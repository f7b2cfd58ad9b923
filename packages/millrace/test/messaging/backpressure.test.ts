import { eventually } from '@millrace/testing'
import { defineCommand, message, service } from 'millrace'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Changed, Noted, Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await turn()
}

/** A service whose publishers must not be further ahead than `maxLag`; each of its events is let through by `allow`. */
async function limited(maxLag: number) {
  let allowed = 0
  let handled = 0
  const waiting: (() => void)[] = []
  const s = service('limited', { dispatch: 'serial', maxLag }).on(Noted, async () => {
    if (allowed > 0) allowed--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    handled++
  })
  const allow = (count: number): void => {
    for (; count > 0; count--) {
      const next = waiting.shift()
      if (next === undefined) allowed++
      else next()
    }
  }
  const started = await start({ services: [s], contracts: [Noted, Changed, Ordered] })
  return { ...started, allow, handled: () => handled }
}

describe('a publisher to a service with maxLag', () => {
  test('waits while more than that is unhandled, and goes on as it is handled', async () => {
    const { app, allow } = await limited(10)
    let published = 0
    const publishing = (async () => {
      for (let n = 0; n < 100; n++) {
        await app.publish(Noted, { n })
        published++
      }
    })()
    await eventually(() => published === 10)
    await turns(50)
    expect(published).toBe(10)
    allow(5)
    await eventually(() => published === 15)
    await turns(50)
    expect(published).toBe(15)
    allow(1_000)
    await publishing
    await app.idle()
  })

  test('100 times too much at once: the log never runs ahead by more than that, and nothing is lost', async () => {
    const { app, allow, handled } = await limited(50)
    let most = 0
    let done = false
    const publishing = Promise.all(Array.from({ length: 5_000 }, (_, n) => app.publish(Noted, { n }))).then(
      () => (done = true),
    )
    while (!done) {
      const { head } = await app.inspect()
      most = Math.max(most, head - handled())
      allow(10)
      await turn()
    }
    await publishing
    allow(5_000)
    await app.idle()
    expect(handled()).toBe(5_000)
    expect(most).toBeLessThanOrEqual(50)
  })

  test('other topics, scheduled messages and handlers do not wait', async () => {
    const { app } = await limited(1)
    await app.subscribe(service('other').on(Ordered, ({ data: { n } }, { publish }) => publish(Noted, { n })))
    await app.publish(Noted, { n: 1 })
    await app.publish(Changed, { key: 'a', n: 2 })
    await app.publish(Noted, { n: 3 }, { afterMs: 60_000 })
    await app.publish(Ordered, { key: 'a', n: 4 })
    await app.idle(['other'])
    expect((await app.inspect()).topics.find(({ name }) => name === Noted.topic)).toMatchObject({ events: 2 })
  })

  test('appends to streams and publishing of many wait, too', async () => {
    const { app, allow } = await limited(1)
    const done: string[] = []
    await app.publish(Noted, { n: 1 })
    void app.append('stream-1', [message(Noted, { n: 2 })]).then(() => done.push('append'))
    await turns(20)
    expect(done).toEqual([])
    allow(1)
    await eventually(() => done.length === 1)
    void app.publishAll([message(Noted, { n: 3 }), message(Noted, { n: 4 })]).then(() => done.push('many'))
    await turns(20)
    expect(done).toEqual(['append'])
    allow(10)
    await eventually(() => done.length === 2)
  })

  test('goes on when the service is taken away', async () => {
    const { app, allow } = await limited(1)
    await app.publish(Noted, { n: 1 })
    let published = false
    const waiting = app.publish(Noted, { n: 2 }).then(() => {
      published = true
    })
    await turns(20)
    expect(published).toBe(false)
    allow(1)
    await app.unsubscribe('limited')
    await waiting
    await app.publish(Noted, { n: 3 })
  })

  test('a request that cannot be published in time rejects in time', async () => {
    const Do = defineCommand('test.do', { schema: z.object({}) })
    const blocked = service('doing', { dispatch: 'serial', maxLag: 1 }).handle(Do, () => new Promise<void>(() => {}))
    const { app, clock } = await start({ services: [blocked] })
    await app.send(Do, {})
    const rejected = expect(app.request(Do, {}, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
    await turns(20)
    await clock.advance(500)
    await rejected
  })
})
