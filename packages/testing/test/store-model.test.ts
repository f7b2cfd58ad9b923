import type { OpenEngine, Store, StoreEngine, Unit } from 'millrace/engine'
import { sqlite } from 'millrace/sqlite'
import { describe, expect, test } from 'vitest'
import { tryHistories } from '../src/store-model/index.ts'

/** An engine that does to every unit what it should not. */
function faulty(change: (unit: Unit, store: Store) => Promise<Unit> | Unit): StoreEngine {
  const { engine, open } = sqlite(':memory:')
  return {
    engine: `${engine} with a fault`,
    async open(environment): Promise<OpenEngine> {
      const { store, log } = await open(environment)
      const commit: Store['commit'] = async (unit) => store.commit(await change(unit, store))
      const wrong = new Proxy(store, {
        get(target, property) {
          if (property === 'commit') return commit
          const value: unknown = Reflect.get(target, property)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
      return { store: wrong, log }
    },
  }
}

const faults: Record<string, (unit: Unit, store: Store) => Promise<Unit> | Unit> = {
  'takes no notice of the expected versions of documents': (unit) => ({
    ...unit,
    documents: (unit.documents ?? []).map(({ expected: _, ...write }) => write),
  }),
  'takes no notice of the expected revisions of streams': (unit) => ({
    ...unit,
    append: (unit.append ?? []).map(({ stream, ...append }) =>
      stream ? { ...append, stream: { ...stream, expected: 'any' } } : append,
    ),
  }),
  'takes no notice of ids that callers chose': (unit) => ({
    ...unit,
    append: (unit.append ?? []).map((append) => ({ ...append, unique: false })),
  }),
  'commits a unit in two halves': async (unit, store) => {
    const { append = [], ...rest } = unit
    await store.commit(rest)
    return { append }
  },
  'loses the last event of a unit': (unit) => ({ ...unit, append: (unit.append ?? []).slice(0, -1) }),
  'swaps the events of a unit': (unit) => ({ ...unit, append: (unit.append ?? []).toReversed() }),
  'takes no notice of the order of keys': (unit) => ({
    ...unit,
    settle: (unit.settle ?? []).map((settlement) => {
      const { outcome } = settlement
      if (outcome.kind === 'ack') return settlement
      return { ...settlement, outcome: { ...outcome, delivery: { ...outcome.delivery, orderKey: null } } }
    }),
  }),
  'lets leases run out too late': (unit) => ({
    ...unit,
    leases: (unit.leases ?? []).map((write) =>
      write.kind === 'release' ? write : { ...write, ttlMs: write.ttlMs * 9 },
    ),
  }),
  'forgets inbox marks': (unit) => ({ ...unit, inbox: [] }),
}

test('storeModel lets an engine without a fault pass', async (context) => {
  await tryHistories(() => ({ engine: faulty((unit) => unit) }), context, { runs: 20, seed: 1 })
})

describe('storeModel notices an engine that', () => {
  for (const [fault, change] of Object.entries(faults)) {
    test(fault, async (context) => {
      const open = () => ({ engine: faulty(change) })
      await expect(tryHistories(open, context, { runs: 300, seed: 1, shrink: false })).rejects.toThrow(
        'Property failed',
      )
    })
  }
})
