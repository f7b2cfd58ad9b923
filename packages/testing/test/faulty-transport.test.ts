import {
  eventually,
  faultyTransport,
  type SimulatedClock,
  simulatedClock,
  type TransportFaults,
} from '@millrace/testing'
import type { BrokerTransport, EncodedEvent } from 'millrace/engine'
import { describe, expect, test } from 'vitest'

const header = { topic: 't', type: 'type', version: 1, source: '/test' }

const event = (n: number, topic = 't'): EncodedEvent => ({
  header: { ...header, topic },
  id: `e${n}`,
  key: `k${n % 3}`,
  timeMs: 0,
  expiresMs: null,
  attributes: null,
  data: null,
})

const events = (count: number) => Array.from({ length: count }, (_, n) => event(n))
const subscription = { group: 'g', topics: ['t'], from: 'beginning', window: 4 } as const

/** Random numbers that are the same in every run (the minimal standard generator, Park and Miller 1988). */
function repeatable(): () => number {
  let state = 7
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

async function connected(faults: Partial<TransportFaults> = {}) {
  const clock = simulatedClock()
  const broker = faultyTransport({ clock, random: repeatable(), faults })
  const open = async (): Promise<BrokerTransport> => broker.engine.open({ clock, newId: () => 'id', logger: console })
  return { clock, broker, open, transport: await open() }
}

/** Publishes one after the other, each until it is persisted, as a relay does. */
async function publishAll(transport: BrokerTransport, all: readonly EncodedEvent[]): Promise<void> {
  for (const one of all) {
    for (;;) {
      try {
        await transport.publish([one])
        break
      } catch {
        // It is asked for again.
      }
    }
  }
}

/** Lets time pass until something is done. */
async function whileTimePasses<T>(clock: SimulatedClock, work: Promise<T>): Promise<T> {
  let done = false
  const ended = work.finally(() => {
    done = true
  })
  ended.catch(() => {})
  while (!done) await clock.advance(10)
  return ended
}

describe('without faults', () => {
  test('what is published is handed over in order, in batches no larger than the window', async () => {
    const { transport, broker } = await connected()
    const batches: string[][] = []
    await transport.subscribe(subscription, async (batch) => {
      batches.push(batch.map(({ id }) => id))
    })
    await transport.publish(events(10))
    await eventually(() => broker.unacknowledged('g') === 0)
    expect(batches.flat()).toEqual(events(10).map(({ id }) => id))
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(4)
  })

  test('what is refused comes again; what is acknowledged does not', async () => {
    const { transport, broker, clock } = await connected()
    const seen: string[] = []
    await transport.subscribe({ ...subscription, window: 1 }, async ([first]) => {
      seen.push(first!.id)
      if (seen.length === 1) throw new Error('not now')
    })
    await transport.publish(events(3))
    await clock.advance(100)
    expect(seen).toEqual(['e0', 'e0', 'e1', 'e2'])
    expect(broker.unacknowledged('g')).toBe(0)
  })

  test('groups get everything of their topics, members of a group share it', async () => {
    const { open, transport } = await connected()
    const seen: Record<string, string[]> = { one: [], two: [], alone: [] }
    const into = (name: string) => async (batch: readonly EncodedEvent[]) => {
      seen[name]!.push(...batch.map(({ id }) => id))
    }
    await (await open()).subscribe({ ...subscription, window: 1 }, into('one'))
    await (await open()).subscribe({ ...subscription, window: 1 }, into('two'))
    await (await open()).subscribe({ ...subscription, group: 'h', topics: ['**'] }, into('alone'))
    await transport.publish([...events(20), event(20, 'other')])
    await eventually(() => seen.one!.length + seen.two!.length === 20 && seen.alone!.length === 21)
    expect([...seen.one!, ...seen.two!].toSorted()).toEqual(
      events(20)
        .map(({ id }) => id)
        .toSorted(),
    )
  })

  test('a group that starts now gets what comes, one that starts at the beginning gets what was there', async () => {
    const { transport } = await connected()
    await transport.publish([event(0)])
    const seen: string[] = []
    for (const from of ['now', 'beginning'] as const) {
      await transport.subscribe({ ...subscription, group: from, from }, async (batch) => {
        seen.push(...batch.map(({ id }) => `${from} ${id}`))
      })
    }
    await transport.publish([event(1)])
    await eventually(() => seen.length === 3)
    expect(seen.toSorted()).toEqual(['beginning e0', 'beginning e1', 'now e1'])
  })

  test('what a consumer had when its connection was closed goes to another one', async () => {
    const { open, transport, broker } = await connected()
    const first = await open()
    let has = 0
    await first.subscribe(subscription, (batch) => {
      has += batch.length
      return new Promise(() => {})
    })
    await transport.publish(events(4))
    await eventually(() => has === 4)
    const seen: string[] = []
    await (await open()).subscribe(subscription, async (batch) => {
      seen.push(...batch.map(({ id }) => id))
    })
    expect(seen).toEqual([])
    await first.close()
    await eventually(() => broker.unacknowledged('g') === 0)
    expect(seen).toEqual(['e0', 'e1', 'e2', 'e3'])
    await expect(first.subscribe(subscription, async () => {})).rejects.toThrow('closed')
  })
})

describe('faults', () => {
  test('an outage ends consumers and refuses publishing, until it is over', async () => {
    const { transport, broker } = await connected()
    const consumer = await transport.subscribe(subscription, async () => {})
    broker.down()
    await expect(consumer.failed).rejects.toThrow('lost')
    await expect(transport.publish([event(0)])).rejects.toThrow('reached')
    await expect(transport.subscribe(subscription, async () => {})).rejects.toThrow('reached')
    broker.up()
    await transport.publish([event(0)])
    expect(broker.persisted).toHaveLength(1)
  })

  test('events that it refuses for good are told apart from an outage', async () => {
    const broker = faultyTransport({ refuses: ({ id }) => id === 'e1' })
    const transport = await broker.engine.open({ clock: simulatedClock(), newId: () => '', logger: console })
    await expect(transport.publish(events(2))).rejects.toMatchObject({ code: 'EVENT_INVALID', retryable: false })
    expect(broker.persisted).toEqual([])
  })

  test.each([
    [{ lostAnswers: 0.5 }, 'more'],
    [{ partialPublishes: 0.5 }, 'all'],
    [{ refusedPublishes: 0.5 }, 'all'],
    [{ duplicates: 0.5 }, 'more'],
    [{ lostAcknowledgements: 0.5 }, 'all'],
    [{ lostConnections: 0.5 }, 'all'],
    [{ reorders: 0.8 }, 'all'],
    [{ delayMs: 50 }, 'all'],
  ] as const)('with %j everything that was persisted is handed over, each key in order', async (faults, persisted) => {
    const { clock, open, transport, broker } = await connected(faults)
    const first: string[] = []
    const consume = async (): Promise<void> => {
      const consumer = await (await open()).subscribe(subscription, async (batch) => {
        for (const { id } of batch) if (!first.includes(id)) first.push(id)
      })
      consumer.failed.catch(() => consume())
    }
    await whileTimePasses(clock, consume())
    await whileTimePasses(clock, publishAll(transport, events(60)))
    broker.setFaults({})
    await whileTimePasses(
      clock,
      eventually(() => broker.unacknowledged('g') === 0),
    )
    expect(broker.persisted.length >= 60 && broker.persisted.length > 60).toBe(persisted === 'more')
    expect(first.toSorted()).toEqual(
      events(60)
        .map(({ id }) => id)
        .toSorted(),
    )
    const numbers = first.map((id) => Number(id.slice(1)))
    for (const key of [0, 1, 2]) {
      const ofKey = numbers.filter((n) => n % 3 === key)
      expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b))
    }
    const isInOrder = numbers.every((n, index) => index === 0 || n > numbers[index - 1]!)
    expect(isInOrder).toBe(!('reorders' in faults))
  })
})
