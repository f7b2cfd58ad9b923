import type { ErrorCode, Store, Unit } from 'millrace/engine'
import { expect } from 'vitest'
import { grown, kept } from './deliveries.ts'
import type { Promised, StoreFixture } from './fixture.ts'
import { leaseOf, owner, takeLease } from './leasing.ts'
import { readAll, refused } from './reading.ts'

/** For each way a unit can be refused: what must be there before, and the part of the unit that is refused. */
const conflicts: readonly {
  readonly code: ErrorCode
  readonly of: string
  readonly needsSql?: boolean
  readonly before?: (fixture: StoreFixture) => Unit
  readonly part: (fixture: StoreFixture) => Unit
}[] = [
  {
    code: 'REVISION_CONFLICT',
    of: 'an append to a stream',
    part: ({ event }) => ({ append: [{ event: event('t'), stream: { name: 'none', expected: 3 } }] }),
  },
  {
    code: 'VERSION_CONFLICT',
    of: 'a document',
    part: () => ({ documents: [{ collection: 'c', key: 'none', value: '1', expected: 4 }] }),
  },
  { code: 'TIMER_GONE', of: 'a timer', part: () => ({ timers: [{ kind: 'remove', id: 'none' }] }) },
  {
    code: 'INBOX_DUPLICATE',
    of: 'an inbox mark',
    before: () => ({ inbox: [{ consumer: 'c', messageId: 'taken' }] }),
    part: () => ({ inbox: [{ consumer: 'c', messageId: 'taken' }] }),
  },
  {
    code: 'LEASE_HELD',
    of: 'taking a lease',
    before: () => ({ leases: [{ kind: 'acquire', name: 'held', owner: owner('other'), ttlMs: 60_000 }] }),
    part: () => ({ leases: [{ kind: 'acquire', name: 'held', owner: owner('me'), ttlMs: 60_000 }] }),
  },
  {
    code: 'LEASE_LOST',
    of: 'renewing a lease',
    part: () => ({ leases: [{ kind: 'renew', name: leaseOf('s'), epoch: 0, ttlMs: 60_000 }] }),
  },
  {
    code: 'LEASE_LOST',
    of: 'a settlement',
    part: () => ({
      settle: [{ subscription: 's', epoch: 0, position: 2, kept: false, outcome: { kind: 'ack', reason: 'handled' } }],
    }),
  },
  {
    code: 'SUBSCRIPTION_UNKNOWN',
    of: 'an operation on a subscription',
    part: () => ({ subscriptions: [{ kind: 'pause', name: 'none', reason: 'r' }] }),
  },
  {
    code: 'DELIVERY_UNKNOWN',
    of: 'an operation on a dead letter',
    part: () => ({ subscriptions: [{ kind: 'redrive', name: 's', positions: [1_000_000] }] }),
  },
  {
    code: 'SQL_FAILED',
    of: 'a statement',
    needsSql: true,
    part: () => ({ sql: [{ text: 'INSERT INTO none_such VALUES (1)', parameters: [] }] }),
  },
]

/** A unit is committed whole or not at all, whatever its neighbours do. */
export function atomicityPromises(promised: Promised): void {
  for (const { code, of, needsSql = false, before, part } of conflicts) {
    promised(`nothing of a unit is done when ${of} is refused (${code})`, async (fixture) => {
      const { store } = fixture
      fixture.needs(!needsSql || store.capabilities.sql, 'SQL')
      const effects = await effectsOfAllKinds(fixture)
      if (before) await store.commit(before(fixture))
      const was = await everything(store)
      await refused(code, store.commit(grown(effects, part(fixture))))
      expect(await everything(store)).toEqual(was)
      // What cannot be read shows itself here: the inbox mark and the lease were not taken either.
      const { appended } = await store.commit(effects)
      const now = await everything(store)
      expect(now).not.toEqual(was)
      if (fixture.reopens) await fixture.reopen()
      expect(await everything(fixture.store), 'it is as durable as any other').toEqual(now)
      const { records } = await fixture.store.readLog({ after: appended[0]!.position - 1, limit: 9 })
      expect(records.map((record) => record.event)).toEqual(effects.append!.map((append) => append.event))
    })

    promised(`the neighbours of a unit in which ${of} is refused (${code}) commit`, async (fixture) => {
      const { store, event } = fixture
      fixture.needs(!needsSql || store.capabilities.sql, 'SQL')
      await effectsOfAllKinds(fixture)
      if (before) await store.commit(before(fixture))
      const { head } = await store.inspect()
      const neighbour = (key: string): Unit => ({
        append: [{ event: event('neighbour') }],
        documents: [{ collection: 'neighbours', key, value: '1', expected: 0 }],
      })
      const bad = (): Unit => grown({ append: [{ event: event('t') }] }, part(fixture))
      const results = await Promise.allSettled(
        [neighbour('a'), bad(), neighbour('b'), bad(), neighbour('c')].map((unit) => store.commit(unit)),
      )
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
        'fulfilled',
      ])
      const after = (await readAll(store)).filter(({ position }) => position > head)
      expect(after.map((record) => record.event.header.topic)).toEqual(['neighbour', 'neighbour', 'neighbour'])
      expect(await store.readDocuments({ collection: 'neighbours', limit: 9 })).toHaveLength(3)
    })
  }
}

/** A unit with an effect of every kind (but SQL), and what it needs in the store. Topic `t` has two events then. */
async function effectsOfAllKinds(fixture: StoreFixture): Promise<Unit> {
  const { store, event } = fixture
  await store.commit({ subscriptions: [{ kind: 'ensure', name: 's', topics: ['t'], from: 'beginning' }] })
  const epoch = await takeLease(store, leaseOf('s'))
  const [position] = await fixture.publish('t', 2)
  return {
    append: [
      { event: event('new') },
      { event: event('t') },
      { event: event('t'), stream: { name: 'stream', expected: 'none' } },
    ],
    settle: [
      {
        subscription: 's',
        epoch,
        position: position!,
        kept: false,
        outcome: { kind: 'park', delivery: kept(event('t')), dueMs: 0 },
      },
    ],
    documents: [{ collection: 'c', key: 'k', value: '{}', expected: 0 }],
    timers: [{ kind: 'set', id: 'timer', dueMs: 5, event: event('t') }],
    inbox: [{ consumer: 'c', messageId: 'm' }],
    leases: [{ kind: 'acquire', name: 'lease', owner: owner('me'), ttlMs: 60_000 }],
    subscriptions: [{ kind: 'ensure', name: 'another', topics: ['**'], from: 'now' }],
    counts: [{ name: 'n', subject: 's', by: 1 }],
  }
}

/** All that can be read from a store. */
async function everything(store: Store): Promise<unknown> {
  const { bytes: _, ...state } = await store.inspect()
  return {
    state,
    log: await readAll(store),
    streams: [
      await store.readStream({ stream: 'stream', from: 0, limit: 9 }),
      await store.readStream({ stream: 'none', from: 0, limit: 9 }),
    ],
    documents: await store.readDocuments({ collection: 'c', limit: 9 }),
    timers: await store.readTimers({ limit: 9 }),
    pending: await store.readKept({ subscription: 's', state: 'pending', limit: 9 }),
    dead: await store.readKept({ subscription: 's', state: 'dead', limit: 9 }),
    subscription: await store.readSubscription('s'),
  }
}
