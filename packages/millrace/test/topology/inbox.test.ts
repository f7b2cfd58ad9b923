import { eventually } from '@millrace/testing'
import { service } from 'millrace'
import { expect, test } from 'vitest'
import { collecting, Noted, Paid, Placed, repeatable, shared } from './broker.ts'

const out = { topics: 'shop.**', to: 'broker' } as const
const into = { topics: 'shop.**', from: 'broker', group: 'mirror', start: 'beginning' } as const
const range = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))

test('what one application publishes is handled by the services of another, with all its attributes', async () => {
  const { node } = shared()
  const { app: shop } = await node({ routes: [out] })
  const seen: unknown[] = []
  const books = service('books').on(Placed, ({ id, type, source, data, time, partitionkey, subject, tenant }) => {
    seen.push({ id, type, source, data, time, partitionkey, subject, tenant })
  })
  await node({ routes: [into], services: [books], contracts: [] })
  const options = { subject: 's', time: new Date(0), extensions: { tenant: 't' } }
  const { id } = await shop.publish(Placed, { n: 4 }, options)
  await eventually(() => seen.length === 1)
  expect(seen).toEqual([
    {
      id,
      type: 'shop.placed',
      source: '/millrace',
      data: { n: 4 },
      time: '1970-01-01T00:00:00.000Z',
      partitionkey: 'key-1',
      subject: 's',
      tenant: 't',
    },
  ])
})

test('whatever a broker does, each event has one effect, in the order of its key', async () => {
  const { node, broker, clock } = shared({ random: repeatable() })
  broker.setFaults({
    duplicates: 0.3,
    lostAnswers: 0.3,
    partialPublishes: 0.2,
    refusedPublishes: 0.2,
    lostAcknowledgements: 0.3,
    lostConnections: 0.3,
    reorders: 0.6,
    delayMs: 40,
  })
  const { app: shop } = await node({ routes: [out] })
  const { app: books } = await node({ routes: [into], services: [collecting('shop.**', [])] })
  for (const data of range(60)) {
    await shop.publish(Placed, data)
    if (data.n % 10 === 0) await clock.advance(100)
  }
  await clock.advance(5_000)
  broker.setFaults({})
  await clock.advance(60_000)
  const numbers: number[] = []
  for await (const { event } of books.events('shop.**', { from: 'beginning', live: false })) {
    numbers.push((event.data as { n: number }).n)
  }
  expect(broker.persisted.length).toBeGreaterThan(60)
  expect(numbers.toSorted((a, b) => a - b)).toEqual(range(60).map(({ n }) => n))
  for (const key of [0, 1, 2]) {
    const ofKey = numbers.filter((n) => n % 3 === key)
    expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b))
  }
  const { counters } = await books.inspect()
  expect(counters).toContainEqual({ name: 'duplicate', subject: 'shop.orders', value: expect.any(Number) })
})

test('events of the same id are two where their source or topic differs', async () => {
  const { node, broker } = shared()
  const { app: shop } = await node({ routes: [out], source: '/shop' })
  const { app: till } = await node({ routes: [out], source: '/till' })
  const { app: books } = await node({ routes: [into] })
  await shop.publish(Placed, { n: 1 }, { id: 'same' })
  await till.publish(Placed, { n: 2 }, { id: 'same' })
  await shop.publish(Paid, { n: 3 }, { id: 'same' })
  await shop.publish(Noted, { n: 4 }, { id: 'same' })
  await eventually(async () => (await books.inspect()).head === 3)
  expect(broker.persisted).toHaveLength(3)
})

test('an event goes back neither to where it was published nor to the transport that it came through', async () => {
  const { node, broker, clock } = shared()
  const both = (group: string) => ({ routes: [out, { ...into, group }] })
  const here: unknown[] = []
  const there: unknown[] = []
  const { app: a } = await node({ ...both('a'), services: [collecting('shop.**', here)] })
  const answering = service('answering').on(Placed, ({ data }, { publish }) => publish(Paid, { n: data.n + 100 }))
  const { app: b } = await node({ ...both('b'), services: [collecting('shop.**', there), answering] })
  for (const data of range(10)) await a.publish(Placed, data)
  await eventually(() => here.length >= 20 && there.length >= 20)
  await clock.advance(1_000)
  // Ten orders of the one, ten payments of the other: each once on the broker, and once in each log.
  expect(broker.persisted).toHaveLength(20)
  expect(here).toHaveLength(20)
  expect(there).toHaveLength(20)
  expect((await a.inspect()).counters).toContainEqual({ name: 'returned', subject: 'shop.orders', value: 10 })
  const { subscriptions } = await b.inspect()
  const outbox = subscriptions.find(({ name }) => name === '_millrace.outbox.broker')
  expect(outbox?.settled).toEqual({ filtered: 10, handled: 10 })
})

test('an event does not go round a ring of stores and brokers', async () => {
  const { node, broker, clock } = shared()
  const other = shared()
  const transports = { broker: broker.engine, other: other.broker.engine }
  const { app: a } = await node({ transports, routes: [out, { ...into, from: 'other', group: 'a' }] })
  await node({
    transports,
    routes: [
      { ...into, group: 'b' },
      { ...out, to: 'other' },
    ],
  })
  await a.publish(Placed, { n: 1 })
  await clock.advance(10)
  await other.clock.advance(10)
  await eventually(async () => (await a.inspect()).counters.some(({ name }) => name === 'returned'))
  expect(broker.persisted).toHaveLength(1)
  expect(other.broker.persisted).toHaveLength(1)
})

test('stores of one group share the events, stores of different groups get them all', async () => {
  const { node, clock } = shared()
  const { app: shop } = await node({ routes: [out] })
  const mirrors = await Promise.all(
    ['shared', 'shared', 'alone'].map((group) => node({ routes: [{ ...into, group }] })),
  )
  for (const data of range(30)) await shop.publish(Placed, data)
  await clock.advance(100)
  const heads = await Promise.all(mirrors.map(async ({ app }) => (await app.inspect()).head))
  expect(heads[0]! + heads[1]!).toBe(30)
  expect(heads[2]).toBe(30)
})

test('a broker that is away does not keep an application from its start; the events come when it is back', async () => {
  const { node, broker, clock } = shared()
  broker.down()
  const { app: shop } = await node({ routes: [out] })
  const handled: unknown[] = []
  const { app: books } = await node({ routes: [into], services: [collecting('shop.**', handled)] })
  await shop.publish(Placed, { n: 1 })
  await clock.advance(1_000)
  expect(books.health()).toMatchObject({ status: 'degraded' })
  broker.up()
  await clock.advance(20_000)
  expect(handled).toEqual([{ n: 1 }])
  expect(books.health().status).toBe('up')
})

test('a paused inbox takes nothing, and the broker keeps it', async () => {
  const { node, broker, clock } = shared()
  const { app: shop } = await node({ routes: [out] })
  const { app: books } = await node({ routes: [into] })
  await books.admin.pause('_millrace.inbox.broker.mirror', 'for a while')
  await eventually(() => books.health().services[0]?.phase === 'paused')
  await shop.publish(Placed, { n: 1 })
  await clock.advance(100)
  expect((await books.inspect()).head).toBe(0)
  expect(broker.unacknowledged('mirror')).toBe(1)
  await books.admin.resume('_millrace.inbox.broker.mirror')
  await eventually(() => broker.unacknowledged('mirror') === 0)
})

test('a service that is too slow holds up the inbox, not the memory', async () => {
  const { node, broker, clock } = shared()
  const { app: shop } = await node({ routes: [out] })
  let allowed = 0
  const slow = service('slow', { dispatch: 'serial', maxLag: 5 }).on('shop.**', async () => {
    await eventually(() => allowed > 0)
    allowed--
  })
  const { app: books } = await node({ routes: [into], services: [slow], drainMs: 0 })
  for (const data of range(50)) {
    await shop.publish(Placed, data)
    await clock.advance(1)
  }
  expect((await books.inspect()).head).toBeLessThan(20)
  expect(broker.unacknowledged('mirror')).toBeGreaterThan(30)
  allowed = 1_000
  await eventually(async () => {
    await clock.advance(1)
    return (await books.inspect()).head === 50
  })
})
