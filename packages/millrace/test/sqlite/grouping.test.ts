import { DatabaseSync } from 'node:sqlite'
import { simulatedClock } from '@millrace/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isMillraceError, silentLogger, uuidv7 } from '../../src/base/index.ts'
import type { EncodedEvent } from '../../src/event/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'
import type { KeptDelivery, Outcome, Unit } from '../../src/store/index.ts'
import type { OpenEngine } from '../../src/transport/index.ts'
import { newPath } from './engine.ts'

// Units may share a transaction, in which one that is refused must leave nothing behind, in the file and in memory. So
// whatever units come, it must make no difference how they are grouped, nor whether the engine was opened anew in between.

const small = (max: number) => fc.integer({ min: 0, max })
const event = (n: number, topic: number, key: number): EncodedEvent => ({
  header: { topic: `t${topic}`, type: `type${n % 3}`, version: 1, source: 'test' },
  id: `event${n}`,
  key: key === 0 ? null : `k${key}`,
  timeMs: 1_000 + n,
  expiresMs: null,
  attributes: null,
  data: JSON.stringify('ü'.repeat(n)),
})
const anEvent = fc.tuple(small(9), small(2), small(2)).map((parts) => event(...parts))

const delivery = (of: EncodedEvent): KeptDelivery => ({
  event: of,
  orderKey: of.key,
  attempts: 1,
  deaths: 0,
  reason: 'retry',
  history: [],
})
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant({ kind: 'ack', reason: 'handled' } as const),
  anEvent.map((of) => ({ kind: 'park', dueMs: 5, delivery: delivery(of) }) as const),
  anEvent.map((of) => ({ kind: 'wait', delivery: delivery(of) }) as const),
  anEvent.map((of) => ({ kind: 'dead', delivery: delivery(of) }) as const),
)

const name = small(1).map((n) => `s${n}`)
const positions = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 })
const list = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 3 })

const parts = {
  append: list(
    fc.record({
      event: anEvent,
      unique: fc.boolean(),
      stream: fc.option(
        fc.record({
          name: small(1).map((n) => `stream${n}`),
          expected: fc.oneof(small(3), fc.constantFrom('any' as const, 'none' as const)),
        }),
        { nil: undefined },
      ),
    }),
  ),
  settle: list(
    fc.record({
      subscription: name,
      epoch: fc.constantFrom(1, 1, 1, 2),
      position: fc.integer({ min: 1, max: 12 }),
      kept: fc.boolean(),
      outcome,
    }),
  ),
  documents: list(
    fc.record({
      collection: fc.constant('c'),
      key: small(2).map(String),
      value: fc.option(small(5).map(String)),
      expected: fc.oneof(fc.constant(undefined), small(2)),
    }),
  ),
  timers: list(
    fc.oneof(
      fc.record({ kind: fc.constant('set' as const), id: small(2).map(String), dueMs: small(9), event: anEvent }),
      fc.record({ kind: fc.constant('remove' as const), id: small(2).map(String) }),
    ),
  ),
  inbox: list(fc.record({ consumer: fc.constant('i'), messageId: small(4).map(String) })),
  leases: list(
    fc.oneof(
      fc.record({
        kind: fc.constant('acquire' as const),
        name: name.map((of) => `subscription:${of}`),
        owner: fc.constant({ instance: 'me', pid: process.pid, host: 'here' }),
        ttlMs: fc.constant(1_000),
      }),
      fc.record({
        kind: fc.constantFrom('renew' as const, 'release' as const),
        name: name.map((of) => `subscription:${of}`),
        epoch: small(2),
        ttlMs: fc.constant(1_000),
      }),
    ),
  ),
  subscriptions: list(
    fc.oneof(
      fc.record({
        kind: fc.constant('ensure' as const),
        name,
        topics: fc.constant(['*']),
        from: fc.constant('beginning' as const),
      }),
      fc.record({
        kind: fc.constantFrom('redrive' as const, 'release' as const, 'discard' as const, 'replay' as const),
        name,
        positions,
      }),
      fc.record({ kind: fc.constant('rewind' as const), name, to: small(6).map((position) => ({ position })) }),
      fc.record({ kind: fc.constantFrom('remove' as const, 'resume' as const), name }),
    ),
  ),
  trims: list(
    fc.record({
      kind: fc.constantFrom('oldest' as const, 'superseded' as const),
      topic: small(2).map((n) => `t${n}`),
      through: small(12),
      limit: small(3),
    }),
  ),
  sql: list(
    fc.constantFrom(
      { text: 'CREATE TABLE IF NOT EXISTS own (n INTEGER PRIMARY KEY)', parameters: [] },
      { text: 'INSERT INTO own VALUES (?)', parameters: [1] },
      { text: 'INSERT OR ROLLBACK INTO own VALUES (?)', parameters: [1] },
      { text: 'DELETE FROM own', parameters: [] },
    ),
  ),
  counts: list(fc.record({ name: fc.constant('n'), subject: small(1).map(String), by: small(3) })),
}

const units: fc.Arbitrary<Unit> = fc
  .array(
    fc.oneof(...Object.entries(parts).map(([part, of]) => (of as fc.Arbitrary<unknown>).map((list) => [part, list]))),
    {
      minLength: 1,
      maxLength: 2,
    },
  )
  .map((chosen) => Object.fromEntries(chosen))

/** What the units find there, so that many of them can be committed. */
const before: readonly Unit[] = [
  {
    append: [1, 2, 3, 4, 5, 6].map((n) => ({ event: event(n, n % 2, n % 3) })),
    subscriptions: ['s0', 's1'].map((of) => ({ kind: 'ensure', name: of, topics: ['*'], from: 'beginning' })),
    leases: ['s0', 's1'].map((of) => ({
      kind: 'acquire',
      name: `subscription:${of}`,
      owner: { instance: 'me', pid: process.pid, host: 'here' },
      ttlMs: 1_000,
    })),
    timers: [{ kind: 'set', id: '1', dueMs: 1, event: event(1, 1, 1) }],
  },
]

async function outcomeOf(engine: OpenEngine, unit: Unit): Promise<unknown> {
  try {
    return await engine.store.commit(unit)
  } catch (error) {
    return isMillraceError(error) ? error.toJSON() : String(error)
  }
}

function dump(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true })
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
  const rows = tables.map((table) => [table.name, database.prepare(`SELECT * FROM "${table.name}"`).all()])
  database.close()
  const { millrace_state: state, millrace_counter: counters, ...others } = Object.fromEntries(rows)
  const named = (of: { name: string }[], ok: (name: string) => boolean) => of.filter(({ name }) => ok(name))
  // How many commits there were, and in which file, is not what the units come to.
  return {
    ...others,
    state: named(state, (name) => name === 'unique' || name === 'inbox'),
    counters: named(counters, (name) => !name.startsWith('_')),
  }
}

/** Commits the units; between two of them that are cut apart the engine is as idle as can be, or opened anew. */
async function run(all: readonly Unit[], cut: (index: number) => 'together' | 'apart' | 'reopen'): Promise<unknown> {
  const path = newPath()
  const clock = simulatedClock()
  const open = () => sqlite(path, { synchronous: 'normal' }).open({ clock, newId: uuidv7(clock), logger: silentLogger })
  let engine = await open()
  const outcomes: Promise<unknown>[] = []
  for (const [index, unit] of [...before, ...all].entries()) {
    outcomes.push(outcomeOf(engine, unit))
    const wanted = cut(index)
    if (wanted !== 'together') await Promise.all(outcomes)
    if (wanted === 'reopen') {
      await engine.store.close()
      engine = await open()
    }
  }
  const told = await Promise.all(outcomes)
  await engine.store.close()
  return { told, file: dump(path) }
}

test('a unit that is refused changes nothing, whichever part of it is at fault', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(units, { minLength: 10, maxLength: 30 }), async (all) => {
      const path = newPath()
      const clock = simulatedClock()
      const { store } = await sqlite(path, { synchronous: 'normal' }).open({
        clock,
        newId: uuidv7(clock),
        logger: silentLogger,
      })
      for (const unit of before) await store.commit(unit)
      let file = dump(path)
      for (const unit of all) {
        const refused = await store.commit(unit).then(
          () => false,
          () => true,
        )
        const now = dump(path)
        if (refused) expect(now).toEqual(file)
        file = now
      }
      await store.close()
    }),
    { numRuns: 25, interruptAfterTimeLimit: 15_000 },
  )
})

test('units come to the same however they are grouped, and wherever the store is opened anew', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(units, { minLength: 10, maxLength: 40 }),
      fc.infiniteStream(fc.constantFrom('together' as const, 'apart' as const, 'reopen' as const)),
      async (all, cuts) => {
        const apart = await run(all, () => 'apart')
        expect(await run(all, () => 'together')).toEqual(apart)
        expect(await run(all, () => cuts.next().value)).toEqual(apart)
      },
    ),
    { numRuns: 25, interruptAfterTimeLimit: 15_000 },
  )
})
