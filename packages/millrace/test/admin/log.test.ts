import { describe, expect, it } from 'vitest'
import type { PublishedContract, TailOptions } from '../../src/admin/index.ts'
import { contractCollection } from '../../src/admin/index.ts'
import { type Operated, operated } from './operated.ts'

/** The positions that a tail shows until it ends, or until so many were shown. */
async function shown(
  { operator }: Operated,
  topics: readonly string[],
  options: TailOptions,
  limit = Number.POSITIVE_INFINITY,
): Promise<number[]> {
  const positions: number[] = []
  for await (const { position } of operator.tail(topics, options)) {
    positions.push(position)
    if (positions.length >= limit) break
  }
  return positions
}

describe('the state', () => {
  it('is told', async () => {
    const { operator, publish, subscribe } = await operated()
    await subscribe('s', 't')
    await publish('t', 2)
    expect((await operator.inspect()).head).toBe(2)
    expect(await operator.topics()).toMatchObject([{ name: 't', events: 2, appended: 2 }])
    expect(await operator.subscriptions()).toMatchObject([{ name: 's', lag: 2, owner: null, paused: null }])
  })

  it('has the newest version of each contract', async () => {
    const { operator, store } = await operated()
    expect(await operator.contracts()).toEqual([])
    const contract = (name: string, version: number): PublishedContract => ({
      name,
      version,
      kind: 'event',
      topic: name,
      schemas: [{ fingerprint: 'f', schema: { type: 'object' }, since: '2026-01-01T00:00:00.000Z' }],
    })
    const all = [contract('b', 1), contract('a', 9), contract('a', 10), contract('a', 2)]
    await store.commit({
      documents: all.map((value) => ({
        collection: contractCollection,
        key: `${value.name}@${String(value.version).padStart(6, '0')}`,
        value: JSON.stringify(value),
      })),
    })
    expect(await operator.contracts()).toEqual([contract('a', 10), contract('b', 1)])
  })
})

describe('timers', () => {
  it('are listed in the order they are due, and cancelled once', async () => {
    const { operator, store } = await operated()
    const header = { topic: 't', type: 't', version: 1, source: '/test' }
    const event = (id: string) => ({ header, id, key: null, timeMs: 0, expiresMs: null, attributes: null, data: '1' })
    const timer = (id: string, dueMs: number) => ({ kind: 'set', id, dueMs, event: event(id) }) as const
    await store.commit({ timers: [timer('late', 2_000), timer('early', 1_000)] })
    expect((await operator.timers.list()).map(({ id }) => id)).toEqual(['early', 'late'])
    expect(await operator.timers.list({ limit: 1 })).toHaveLength(1)
    await operator.timers.cancel('early')
    expect((await operator.timers.list()).map(({ id }) => id)).toEqual(['late'])
    await expect(operator.timers.cancel('early')).rejects.toMatchObject({ code: 'TIMER_GONE', fields: { id: 'early' } })
  })
})

describe('a tail', () => {
  it('goes from history into live without a gap or a double', async () => {
    const all = await operated()
    const { publish } = all
    const published = [...(await publish('t', 700))]
    const reading = shown(all, ['t'], { from: 'beginning' }, 1_300)
    // While the history is read, more comes.
    for (let round = 0; round < 60; round++) published.push(...(await publish('t', 10)))
    expect(await reading).toEqual(published)
  })

  it('starts where it is told to', async () => {
    const all = await operated()
    const { publish, clock } = all
    const [first, second] = await publish('t', 2)
    await clock.advance(1_000)
    const time = new Date(clock.now())
    const [third] = await publish('t', 1)
    const ended = { live: false }
    expect(await shown(all, ['t'], { from: 'beginning', ...ended })).toEqual([first, second, third])
    expect(await shown(all, ['t'], { from: { position: second! }, ...ended })).toEqual([second, third])
    expect(await shown(all, ['t'], { from: { time }, ...ended })).toEqual([third])
    expect(await shown(all, ['t'], ended)).toEqual([])
    const live = shown(all, ['t'], {}, 1)
    await clock.advance(1)
    expect(await Promise.all([live, publish('t', 1)])).toEqual([[4], [4]])
  })

  it('shows the topics that match, and ends when it is told to', async () => {
    const all = await operated()
    const { publish, operator } = all
    const [ours] = await publish('shop.order', 1)
    await publish('other', 1)
    const stop = new AbortController()
    const positions: number[] = []
    for await (const { position } of operator.tail(['shop.**'], { from: 'beginning', signal: stop.signal })) {
      positions.push(position)
      // It waits for the next one by then.
      setImmediate(() => stop.abort())
    }
    expect(positions).toEqual([ours])
    expect(() => operator.tail(['a..b'])).toThrow(expect.objectContaining({ code: 'TOPIC_INVALID' }))
  })
})
