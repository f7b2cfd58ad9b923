import fc from 'fast-check'
import { collection, type Dispatch, fixed, message, service } from 'millrace'
import { expect, test } from 'vitest'
import { Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'

const totals = collection<{ sum: number }>('totals')

/** What the handler of an event does. One that is refused or throws does so the first time only. */
const behaviours = ['at once', 'in a microtask', 'in a later turn', 'refused', 'throws', 'reads and writes'] as const
type Behaviour = (typeof behaviours)[number]

const eventsOf = fc.array(
  fc.record({ key: fc.integer({ min: 0, max: 4 }), behaviour: fc.constantFrom<Behaviour>(...behaviours) }),
  { minLength: 1, maxLength: 40 },
)

test.each<Dispatch>(['serial', 'keyed', 'concurrent'])(
  '%s: whatever handlers of one turn do, each event has its effect once, and in the order of its key',
  async (dispatch) => {
    await fc.assert(
      fc.asyncProperty(eventsOf, async (events) => {
        const { app, clock } = await start({ contracts: [Ordered] })
        await app.sql([
          { text: 'CREATE TABLE effect (at INTEGER PRIMARY KEY, n INTEGER, key TEXT)', parameters: [] },
          { text: 'CREATE TABLE refusing (n INTEGER CHECK (n < 0))', parameters: [] },
        ])
        await app.publishAll(events.map(({ key }, n) => message(Ordered, { key: `key-${key}`, n })))
        const begun = new Set<number>()
        const mixed = service('mixed', { dispatch, concurrency: 3 }).on(
          Ordered,
          ({ data: { key, n } }, { sql, documents }) => {
            const { behaviour } = events[n]!
            const first = !begun.has(n)
            begun.add(n)
            const effect = (): void => {
              sql('INSERT INTO effect (n, key) VALUES (?, ?)', n, key)
              if (first && behaviour === 'refused') sql('INSERT INTO refusing (n) VALUES (?)', n)
            }
            if (first && behaviour === 'throws') throw new Error(`event ${n}`)
            if (behaviour === 'in a microtask') return Promise.resolve().then(effect)
            if (behaviour === 'in a later turn') return new Promise(setImmediate).then(effect)
            effect()
            if (behaviour !== 'reads and writes') return
            return documents
              .get(totals, key)
              .then((total) => documents.put(totals, key, { sum: (total?.sum ?? 0) + 1 }))
          },
          { retry: fixed({ attempts: 3, delayMs: 10 }) },
        )
        await app.subscribe(mixed)
        for (let handled = 0; handled < events.length; ) {
          await clock.advance(10)
          const [state] = (await app.inspect()).subscriptions
          expect(state!.dead).toBe(0)
          handled = state!.settled.handled ?? 0
        }
        const rows = await app.query('SELECT n, key FROM effect ORDER BY at')
        expect(rows.map(({ n }) => n).toSorted((a, b) => Number(a) - Number(b))).toEqual(events.map((_, n) => n))
        for (const key of new Set(rows.map((row) => row.key))) {
          const order = rows.filter((row) => row.key === key).map(({ n }) => Number(n))
          if (dispatch !== 'concurrent') expect(order).toEqual(order.toSorted((a, b) => a - b))
        }
        for (const key of [0, 1, 2, 3, 4]) {
          const writes = events.filter((event) => event.key === key && event.behaviour === 'reads and writes').length
          expect((await app.documents.get(totals, `key-${key}`))?.sum ?? 0).toBe(writes)
        }
        await app.stop()
      }),
      { numRuns: 40 },
    )
  },
)
