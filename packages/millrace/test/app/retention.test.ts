import { eventually } from '@millrace/testing'
import { message, type Retention, service } from 'millrace'
import { expect, test } from 'vitest'
import { Changed, Noted, Ordered } from './contracts.ts'
import { start } from './setup.ts'

/** Publishes 1 to 10, a second between each two, and gives what is left after a sweep. */
async function left(retention: Readonly<Record<string, Retention>>) {
  const started = await start({ contracts: [Ordered, Noted], retention })
  const { app, clock, store } = started
  for (let n = 1; n <= 10; n++) {
    await app.publish(Ordered, { key: n % 2 === 0 ? 'even' : `odd ${n}`, n })
    await clock.advance(1_000)
  }
  // The newest event of the log is never deleted.
  await app.publish(Noted, { n: 0 })
  await clock.advance(20_000)
  const numbers = async () => {
    const { records } = await store.readLog({ after: 0, topics: [Ordered.topic], limit: 100 })
    return records.map(({ event }) => JSON.parse(event.data!).n)
  }
  await eventually(async () => (await numbers()).length < 10)
  return { ...started, numbers: await numbers() }
}

test('by age', async () => {
  // The sweep is at 30 s; what is older than 25 s by then goes.
  const { numbers } = await left({ [Ordered.topic]: { maxAgeMs: 25_000 } })
  expect(numbers).toEqual([6, 7, 8, 9, 10])
})

test('by count, and it is counted', async () => {
  const { app, numbers } = await left({ 'test.*': { maxCount: 3 } })
  expect(numbers).toEqual([8, 9, 10])
  expect((await app.inspect()).counters).toEqual([{ name: 'retained-out', subject: Ordered.topic, value: 7 }])
})

test('by size', async () => {
  const one = Buffer.byteLength(JSON.stringify({ key: 'even', n: 2 }))
  const { app, numbers } = await left({ '**': { maxBytes: 4 * one + 10 } })
  expect(numbers.at(-1)).toBe(10)
  const topic = (await app.inspect()).topics.find(({ name }) => name === Ordered.topic)!
  expect(topic.bytes).toBeLessThanOrEqual(4 * one + 10)
})

test('by key: the newest of each stays', async () => {
  const { app, numbers } = await left({ [Ordered.topic]: { compact: true } })
  expect(numbers).toEqual([1, 3, 5, 7, 9, 10])
  expect((await app.inspect()).counters).toEqual([{ name: 'compacted', subject: Ordered.topic, value: 4 }])
})

test('what a subscription has not handled yet stays in any case', async () => {
  const release = Promise.withResolvers<void>()
  const handled: number[] = []
  const slow = service('slow', { dispatch: 'serial' }).on(Noted, async ({ data: { n } }) => {
    if (n === 4) await release.promise
    handled.push(n)
  })
  const { app, clock, store } = await start({
    contracts: [Changed],
    services: [slow],
    retention: { [Noted.topic]: { maxCount: 1 } },
  })
  await app.publishAll([1, 2, 3, 4, 5, 6].map((n) => message(Noted, { n })))
  await app.publish(Changed, { key: 'a', n: 0 })
  await eventually(() => handled.length === 3)
  const numbers = async () => {
    const { records } = await store.readLog({ after: 0, topics: [Noted.topic], limit: 100 })
    return records.map(({ event }) => JSON.parse(event.data!).n)
  }
  await clock.advance(30_000)
  await eventually(async () => (await numbers()).length < 6)
  expect(await numbers()).toEqual([4, 5, 6])
  release.resolve()
  await app.idle()
  expect(handled).toEqual([1, 2, 3, 4, 5, 6])
  await clock.advance(30_000)
  await eventually(async () => (await numbers()).length === 1)
})
