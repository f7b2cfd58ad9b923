import { join } from 'node:path'
import { eventually } from '@millrace/testing'
import { defineCommand, defineEvent, message, millrace } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryFolder } from '../sqlite/folder.ts'
import { collecting, Noted, Paid, Placed, shared } from './broker.ts'

const out = { topics: 'shop.**', to: 'broker' } as const
const outbox = '_millrace.outbox.broker'
const dataOf = (events: readonly { readonly data: string | null }[]) => events.map(({ data }) => JSON.parse(data!))
const range = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))

test('events of a routed topic are published to the transport, in the order of the log, and others are not', async () => {
  const { node, broker } = shared()
  const { app } = await node({ routes: [out] })
  for (const data of range(20)) {
    await app.publish(Placed, data)
    await app.publish(Noted, data)
  }
  await app.publishAll(range(20).map((data) => message(Paid, data)))
  await eventually(() => broker.persisted.length === 40)
  expect(dataOf(broker.persisted)).toEqual([...range(20), ...range(20)])
})

test('publishing does not wait for a transport that is out of reach; what waits goes out in order when it is back', async () => {
  const { node, broker, clock } = shared()
  const { app } = await node({ routes: [out] })
  broker.down()
  for (const data of range(50)) await app.publish(Placed, data)
  await clock.advance(60_000)
  expect(broker.persisted).toEqual([])
  expect(app.health()).toMatchObject({
    status: 'degraded',
    services: [{ name: '_millrace.outbox.broker', phase: 'restarting', error: 'The broker cannot be reached' }],
  })
  broker.up()
  await clock.advance(20_000)
  expect(dataOf(broker.persisted)).toEqual(range(50))
  expect(app.health().status).toBe('up')
})

test('a transport that is out of reach holds back its own routes alone', async () => {
  const { node, broker, clock } = shared()
  const other = shared()
  const handled: unknown[] = []
  const { app } = await node({
    services: [collecting('shop.**', handled)],
    transports: { broker: broker.engine, other: other.broker.engine },
    routes: [
      { topics: 'shop.orders', to: 'broker' },
      { topics: 'shop.payments', to: 'other' },
    ],
  })
  broker.down()
  for (const data of range(5)) {
    await app.publish(Placed, data)
    await app.publish(Paid, data)
  }
  await eventually(() => other.broker.persisted.length === 5 && handled.length === 10)
  broker.up()
  await clock.advance(1_000)
  expect(broker.persisted).toHaveLength(5)
})

test('an event may be published again after a lost answer, and none is left out', async () => {
  const { node, broker, clock } = shared()
  broker.setFaults({ lostAnswers: 1 })
  const { app } = await node({ routes: [out] })
  for (const data of range(5)) await app.publish(Placed, data)
  await clock.advance(1_000)
  expect(broker.persisted.length).toBeGreaterThan(5)
  broker.setFaults({})
  await clock.advance(20_000)
  const { subscriptions } = await app.inspect()
  expect(subscriptions).toMatchObject([{ name: '_millrace.outbox.broker', lag: 0, settled: { handled: 5 } }])
  expect(new Set(dataOf(broker.persisted).map(({ n }) => n))).toEqual(new Set([0, 1, 2, 3, 4]))
})

test('an event that the transport refuses for good is dead-lettered, and goes out when it is redriven', async () => {
  let strict = true
  const { node, broker } = shared({ refuses: ({ data }) => strict && data === '{"n":2}' })
  const { app } = await node({ routes: [out] })
  await app.publishAll(range(5).map((data) => message(Placed, data)))
  await eventually(() => broker.persisted.length === 4)
  expect(dataOf(broker.persisted).map(({ n }) => n)).toEqual([0, 1, 3, 4])
  const dead = await eventually(async () => {
    const found = await app.admin.deadLetters.list({ subscription: outbox })
    return found.length > 0 && found
  })
  expect(dead).toMatchObject([{ position: 3, attempts: 1, history: [{ code: 'EVENT_INVALID' }] }])
  strict = false
  await app.admin.deadLetters.redrive(outbox, 'all')
  await eventually(() => broker.persisted.length === 5)
  expect(dataOf(broker.persisted).at(-1)).toEqual({ n: 2 })
  await eventually(async () => (await app.inspect()).subscriptions[0]?.settled.handled === 5)
})

test('an outbox is paused and resumed like any subscription', async () => {
  const { node, broker } = shared()
  const { app } = await node({ routes: [out] })
  await app.admin.pause(outbox, 'to look at it')
  await eventually(() => app.health().services[0]?.phase === 'paused')
  await app.publish(Placed, { n: 1 })
  await app.publish(Noted, { n: 1 })
  expect(broker.persisted).toEqual([])
  await app.admin.resume(outbox)
  await eventually(() => broker.persisted.length === 1)
})

test('events are replayed through an outbox', async () => {
  const { node, broker } = shared()
  const { app } = await node({ routes: [out] })
  for (const data of range(5)) await app.publish(Placed, data)
  await eventually(async () => (await app.inspect()).subscriptions[0]?.settled.handled === 5)
  await app.admin.replay(outbox, { after: 2 })
  await eventually(() => broker.persisted.length === 8)
  expect(dataOf(broker.persisted.slice(5))).toEqual([{ n: 2 }, { n: 3 }, { n: 4 }])
})

test('events that expire before they can be published are counted and not published', async () => {
  const { node, broker, clock } = shared()
  const { app } = await node({ routes: [out] })
  broker.down()
  await app.publish(Placed, { n: 1 }, { ttlMs: 1_000 })
  await app.publish(Placed, { n: 2 })
  await clock.advance(30_000)
  broker.up()
  await clock.advance(30_000)
  expect(dataOf(broker.persisted)).toEqual([{ n: 2 }])
  expect((await app.inspect()).subscriptions).toMatchObject([{ settled: { expired: 1, handled: 1 } }])
})

test('publishers can be made to wait for a transport that is away', async () => {
  const { node, broker, clock } = shared()
  const { app } = await node({ routes: [{ ...out, maxLag: 10 }] })
  broker.down()
  let published = 0
  const publishing = (async () => {
    for (const data of range(30)) {
      await app.publish(Placed, data)
      published++
    }
  })()
  await clock.advance(30_000)
  expect(published).toBe(10)
  await app.publish(Noted, { n: 1 })
  broker.up()
  await clock.advance(30_000)
  await publishing
  await eventually(() => broker.persisted.length === 30)
})

test('of several processes on a store one relays, and another one takes over from it', async () => {
  const { node, broker, clock } = shared()
  const path = join(temporaryFolder(), 'store.db')
  const { app: first } = await node({ path, routes: [out] })
  const { app: second } = await node({ path, routes: [out] })
  expect(second.health().services).toMatchObject([{ phase: 'standby' }])
  for (const data of range(10)) await (data.n % 2 === 0 ? first : second).publish(Placed, data)
  await clock.advance(100)
  await eventually(() => broker.persisted.length === 10)
  await first.stop()
  await second.publish(Placed, { n: 10 })
  await clock.advance(2_000)
  expect(dataOf(broker.persisted)).toEqual(range(11))
})

test('what a process publishes that runs nothing goes out when one runs', async () => {
  const { node, broker, clock } = shared()
  const path = join(temporaryFolder(), 'store.db')
  const transports = { broker: broker.engine }
  const publisher = millrace({ store: sqlite(path), clock, transports, routes: [out], contracts: [Placed] })
  await publisher.start({ deliver: false })
  await publisher.publish(Placed, { n: 1 })
  await publisher.stop()
  expect(broker.persisted).toEqual([])
  await node({ path, routes: [out] })
  await clock.advance(100)
  await eventually(() => broker.persisted.length === 1)
})

test('a command whose topic goes out needs no handler here', async () => {
  const { node, broker } = shared()
  const Charge = defineCommand('shop.charge', { schema: z.object({ n: z.number() }) })
  const { app } = await node({ routes: [out] })
  await app.send(Charge, { n: 1 })
  await eventually(() => broker.persisted.length === 1)
})

test('a transport that cannot do what a route needs is refused before anything runs', async () => {
  const handled: unknown[] = []
  const path = join(temporaryFolder(), 'store.db')
  const plain = shared()
  const { app } = await plain.node({ path })
  await app.publish(Placed, { n: 1 })
  await app.stop()
  const lacking = shared({ capabilities: { orderByKey: false } })
  const services = [collecting('shop.**', handled)]
  await expect(lacking.node({ path, services, routes: [out] })).rejects.toMatchObject({ code: 'CAPABILITY_MISSING' })
  expect(handled).toEqual([])
})

test('what a route needs of its transport', async () => {
  const unordered = shared({ capabilities: { orderByKey: false } })
  const needed = 'the route of shop.**'
  await expect(unordered.node({ routes: [out] })).rejects.toMatchObject({
    code: 'CAPABILITY_MISSING',
    fields: { engine: 'faulty', capability: 'orderByKey', needed },
  })
  await unordered.node({ routes: [{ ...out, order: 'none' }] })
  const small = shared({ capabilities: { maxEventBytes: 1_000 } })
  await expect(small.node({ routes: [out] })).rejects.toMatchObject({ code: 'CAPABILITY_MISSING' })
  await small.node({ routes: [out], maxEventBytes: 1_000 })
  const plain = shared({ capabilities: { wildcards: false, replay: false } })
  const into = { topics: 'shop.*', from: 'broker', group: 'g' } as const
  await expect(plain.node({ routes: [into] })).rejects.toMatchObject({ fields: { capability: 'wildcards' } })
  await expect(plain.node({ routes: [{ ...into, topics: 'shop.orders', start: 'beginning' }] })).rejects.toMatchObject({
    fields: { capability: 'replay' },
  })
})

test.each([
  [{ topics: 'shop.**', to: 'nowhere' }, "there is no transport 'nowhere'"],
  [{ topics: [], to: 'broker' }, 'name a topic'],
  [{ topics: 'shop.*', to: 'broker', group: 'g' }, "no option 'group'"],
  [{ topics: 'shop.*', to: 'broker', leaseMs: 0 }, 'not a positive whole number'],
  [{ topics: 'shop.*', from: 'broker' }, 'group'],
  [{ topics: 'shop.*', from: 'broker', group: 'a b' }, 'group'],
  [{ topics: '_millrace.replies', to: 'broker' }, 'stay in their store'],
])('the route %j is refused', async (route, reason) => {
  const { node } = shared()
  await expect(node({ routes: [route as never] })).rejects.toThrow(reason)
})

test('a topic pattern that is none is refused', async () => {
  const { node } = shared()
  await expect(node({ routes: [{ topics: 'shop..x', to: 'broker' }] })).rejects.toMatchObject({ code: 'TOPIC_INVALID' })
})

test('an event of a contract with an asynchronous schema is relayed as it was published', async () => {
  const { node, broker } = shared()
  const Late = defineEvent('shop.late', {
    schema: z.object({ n: z.number() }).refine(async ({ n }) => n > 0),
    compatibility: 'none',
  })
  const { app } = await node({ routes: [out] })
  await app.publish(Late, { n: 1 }, { extensions: { tenant: 'a' } })
  await eventually(() => broker.persisted.length === 1)
  expect(JSON.parse(broker.persisted[0]!.attributes!)).toMatchObject({ tenant: 'a' })
})
