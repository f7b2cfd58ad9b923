import { eventually } from '@millrace/testing'
import { expect, test } from 'vitest'
import type { LogRecord } from '../../src/store/index.ts'
import type { Consumer, OpenEngine } from '../../src/transport/index.ts'
import { event, newPath, openEngine, subscribed } from './engine.ts'

interface Consuming {
  readonly records: LogRecord[]
  readonly consumer: Consumer
  readonly epoch: number
  settle(records: readonly LogRecord[]): Promise<void>
}

async function consuming(engine: OpenEngine, name: string, topics = ['t'], window = 10_000): Promise<Consuming> {
  const epoch = await subscribed(engine, name, topics)
  const records: LogRecord[] = []
  const consumer = await engine.log.subscribe({ name, topics, epoch, window }, async (batch) => {
    records.push(...batch)
  })
  const settle = async (settled: readonly LogRecord[]): Promise<void> => {
    const outcome = { kind: 'ack', reason: 'handled' } as const
    const settle = settled.map(({ position }) => ({ subscription: name, epoch, position, kept: false, outcome }))
    await engine.store.commit({ settle })
  }
  return { records, consumer, epoch, settle }
}

const publish = ({ store }: OpenEngine, count: number, topic = 't') =>
  store.commit({ append: Array.from({ length: count }, () => ({ event: event(topic) })) })

test('a record is one object for all consumers of the process, whoever published it', async () => {
  const path = newPath()
  const engine = await openEngine({ path })
  const other = await openEngine({ path })
  const consumers = [await consuming(engine, 'a'), await consuming(engine, 'b', ['**'])]
  const published = event('t')
  await engine.store.commit({ append: [{ event: published }] })
  await eventually(() => consumers.every(({ records }) => records.length === 1))
  await publish(other, 50)
  await eventually(() => consumers.every(({ records }) => records.length === 51))
  await publish(engine, 50)
  await eventually(() => consumers.every(({ records }) => records.length === 101))
  const [a, b] = consumers
  expect(a!.records[0]!.event, 'what was published here is not read again').toBe(published)
  for (const [n, record] of a!.records.entries()) expect(record).toBe(b!.records[n])
  expect(a!.records.map(({ position }) => position)).toEqual(Array.from({ length: 101 }, (_, n) => n + 1))
})

test('a consumer far behind the others reads for itself, and comes to the tail without gap or double', async () => {
  const engine = await openEngine()
  const fast = await consuming(engine, 'fast', ['t'], 100_000)
  const slow = await consuming(engine, 'slow', ['t'], 100)
  for (let n = 0; n < 30; n++) await publish(engine, 1_000)
  await eventually(() => fast.records.length === 30_000)
  expect(slow.records).toHaveLength(100)
  for (let settled = 0; settled < 30_000; ) {
    const batch = slow.records.slice(settled)
    await slow.settle(batch)
    settled += batch.length
    await eventually(() => slow.records.length > settled || settled === 30_000)
  }
  expect(slow.records.map(({ position }) => position)).toEqual(Array.from({ length: 30_000 }, (_, n) => n + 1))
})

test('how far a consumer came over events of other topics is kept when its lease is renewed', async () => {
  const path = newPath()
  const engine = await openEngine({ path })
  const { epoch, consumer, records } = await consuming(engine, 's')
  await publish(engine, 3_000, 'noise')
  await publish(engine, 1)
  await eventually(() => records.length === 1)
  await engine.store.commit({ leases: [{ kind: 'renew', name: 'subscription:s', epoch, ttlMs: 1_000 }] })
  expect((await engine.store.readSubscription('s'))!.floor).toBe(3_000)
  await consumer.close()
})

test('a subscription has one consumer in a process at a time', async () => {
  const engine = await openEngine()
  const { consumer, epoch } = await consuming(engine, 's')
  const again = () => engine.log.subscribe({ name: 's', topics: ['t'], epoch, window: 1 }, async () => {})
  await expect(again()).rejects.toMatchObject({ code: 'LEASE_HELD', fields: { owner: 'me' } })
  await consumer.close()
  await (await again()).close()
})

test.each([
  ['SUBSCRIPTION_UNKNOWN', { name: 'none', topics: ['t'], epoch: 0 }],
  ['LEASE_LOST', { name: 's', topics: ['t'], epoch: 7 }],
  ['TOPIC_INVALID', { name: 's', topics: ['not a topic'], epoch: 1 }],
])('subscribing is refused with %s', async (code, subscription) => {
  const engine = await openEngine()
  await subscribed(engine, 's', ['t'])
  await expect(engine.log.subscribe({ ...subscription, window: 1 }, async () => {})).rejects.toMatchObject({ code })
})

test('a consumer whose receiver fails ends with that error, and hands nothing over any more', async () => {
  const engine = await openEngine()
  const epoch = await subscribed(engine, 's', ['t'])
  const failure = new Error('the receiver is broken')
  let calls = 0
  const consumer = await engine.log.subscribe({ name: 's', topics: ['t'], epoch, window: 100 }, async () => {
    calls++
    throw failure
  })
  await publish(engine, 1)
  await expect(consumer.failed).rejects.toBe(failure)
  await publish(engine, 1)
  expect(calls).toBe(1)
})

test('a unit that fails after a subscription was taken over leaves the new consumer as it is', async () => {
  const engine = await openEngine()
  const sql = (text: string) => [{ text, parameters: [] }]
  await engine.store.commit({ sql: sql('CREATE TABLE own (value INTEGER NOT NULL)') })
  const before = await consuming(engine, 's', ['t'], 2)
  await publish(engine, 6)
  await eventually(() => before.records.length === 2)
  await before.settle(before.records)
  const after = await consuming(engine, 's', ['t'], 2)
  await eventually(() => after.records.length === 2)
  // It has written something when it fails, so that the transaction is taken back.
  const failing = { append: [{ event: event('other') }], sql: sql('INSERT INTO own VALUES (NULL)') }
  await expect(engine.store.commit(failing)).rejects.toMatchObject({ code: 'SQL_FAILED' })
  await after.settle(after.records)
  await eventually(() => after.records.length === 4)
  expect(after.records.map(({ position }) => position)).toEqual([3, 4, 5, 6])
})
