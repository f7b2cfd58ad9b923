import { eventually } from '@millrace/testing'
import fc from 'fast-check'
import { collection, type Dispatch, type HandlerContext, immediate, message, service } from 'millrace'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Noted, type Numbered, Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'

const values = collection<{ n: number }>('values')

/** Runs one handler on one event, and gives what became of the document `d`. */
async function handled(handler: (context: HandlerContext) => Promise<void> | void, before?: number) {
  const { app } = await start({ contracts: [Noted] })
  if (before !== undefined) await app.documents.put(values, 'd', { n: before })
  await app.subscribe(service('one').on(Noted, (_event, context) => handler(context)))
  await app.publish(Noted, { n: 1 })
  await app.idle()
  expect((await app.inspect()).subscriptions).toMatchObject([{ settled: { handled: 1 } }])
  return app.documents.read(values, 'd')
}

describe('a handler sees documents with its own writes', () => {
  test('reads what it wrote, with the version it will have', async () => {
    const seen: unknown[] = []
    const after = await handled(async ({ documents }) => {
      seen.push(await documents.read(values, 'd'))
      documents.put(values, 'd', { n: 2 })
      seen.push(await documents.read(values, 'd'))
      documents.put(values, 'd', { n: 3 })
      seen.push(await documents.get(values, 'd'))
    }, 1)
    expect(seen).toEqual([
      { key: 'd', value: { n: 1 }, version: 1 },
      { key: 'd', value: { n: 2 }, version: 2 },
      { n: 3 },
    ])
    // Several writes of one unit are one.
    expect(after).toMatchObject({ value: { n: 3 }, version: 2 })
  })

  test('reads what it wrote blind, and a document that it deleted is not there', async () => {
    const seen: unknown[] = []
    const after = await handled(async ({ documents }) => {
      documents.put(values, 'd', { n: 2 })
      seen.push(await documents.read(values, 'd'))
      documents.delete(values, 'd')
      seen.push(await documents.read(values, 'd'))
      documents.put(values, 'd', { n: 4 })
    }, 1)
    expect(seen).toEqual([{ key: 'd', value: { n: 2 }, version: 2 }, undefined])
    expect(after).toMatchObject({ value: { n: 4 }, version: 2 })
  })

  test('deletes', async () => {
    expect(await handled(({ documents }) => documents.delete(values, 'd'), 1)).toBeUndefined()
  })

  test('two reads at once see one document, also when it changes between them', async () => {
    const { app, store } = await start({ contracts: [Noted] })
    await app.documents.put(values, 'd', { n: 1 })
    const seen: unknown[] = []
    const reading = service('reading').on(Noted, async (_event, { documents }) => {
      const first = documents.get(values, 'd')
      if (seen.length === 0) await store.commit({ documents: [{ collection: 'values', key: 'd', value: '{"n":9}' }] })
      seen.push(await Promise.all([first, documents.get(values, 'd')]))
      documents.put(values, 'd', { n: 5 })
    })
    await app.subscribe(reading)
    await app.publish(Noted, { n: 1 })
    await app.idle()
    // What was read first had been changed, so the handler ran again.
    expect(seen).toEqual([
      [{ n: 1 }, { n: 1 }],
      [{ n: 9 }, { n: 9 }],
    ])
  })

  test('refuses what does not fit the schema, and what JSON has no word for', async () => {
    const checked = collection<{ n: number }>('checked', { schema: z.object({ n: z.number().int() }) })
    const eventual = collection<{ n: number }>('eventual', {
      schema: z.object({ n: z.number() }).refine(async ({ n }) => n < 10, { message: 'too big' }),
    })
    const refusing = service('refusing', { dispatch: 'concurrent' }).on(Noted, ({ data: { n } }, { documents }) => {
      if (n === 1) documents.put(checked, 'd', { n: 1.5 })
      if (n === 2) documents.put(eventual, 'd', { n: 11 })
      if (n === 3) documents.put(values, 'd', undefined as never)
      if (n === 4) documents.put(eventual, 'd', { n: 4 })
    })
    const { app, store } = await start({ services: [refusing] })
    for (const n of [1, 2, 3, 4]) await app.publish(Noted, { n })
    await app.idle()
    const dead = await store.readKept({ subscription: 'refusing', state: 'dead', limit: 10 })
    expect(dead.map(({ position, reason, history }) => [position, reason, history[0]?.code])).toEqual([
      [1, 'invalid', 'DATA_INVALID'],
      [2, 'invalid', 'DATA_INVALID'],
      [3, 'invalid', 'DATA_INVALID'],
    ])
    expect(await app.documents.get(eventual, 'd')).toEqual({ n: 4 })
  })

  test('a document with a time to live goes when that is over', async () => {
    const { app, clock } = await start({
      services: [service('s').on(Noted, (_e, { documents }) => documents.put(values, 'd', { n: 1 }, { ttlMs: 1_000 }))],
    })
    await app.publish(Noted, { n: 1 })
    await app.idle()
    await clock.advance(999)
    expect(await app.documents.get(values, 'd')).toEqual({ n: 1 })
    await clock.advance(1)
    expect(await app.documents.get(values, 'd')).toBeUndefined()
  })
})

describe('a write depends on what was read before it', () => {
  test('a document that was written blind and then read in the same batch: no write of others in between is lost', async () => {
    const begun = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    let slow = true
    const resetting = service('resetting', { dispatch: 'serial' }).on(Noted, async ({ data }, { documents }) => {
      if (data.n === 1) return documents.put(values, 'd', { n: 0 })
      const before = await documents.get(values, 'd')
      if (slow) {
        slow = false
        begun.resolve()
        await release.promise
      }
      documents.put(values, 'd', { n: before!.n + 1 })
    })
    const { app } = await start({ contracts: [Noted] })
    await app.publishAll([message(Noted, { n: 1 }), message(Noted, { n: 2 })])
    await app.subscribe(resetting)
    await begun.promise
    await eventually(async () => (await app.documents.get(values, 'd'))?.n === 0)

    await app.documents.put(values, 'd', { n: 100 })
    release.resolve()
    await app.idle()
    expect(await app.documents.get(values, 'd')).toEqual({ n: 101 })
  })

  test('a conflict that does not end takes the failure path', async () => {
    const { app, store } = await start({ contracts: [Noted] })
    await app.documents.put(values, 'd', { n: 0 })
    let tries = 0
    const losing = service('losing').on(
      Noted,
      async (_event, { documents }) => {
        await documents.get(values, 'd')
        tries++
        await store.commit({ documents: [{ collection: 'values', key: 'd', value: `{"n":${tries}}` }] })
        documents.put(values, 'd', { n: -1 })
      },
      { retry: immediate({ attempts: 2 }) },
    )
    await app.subscribe(losing)
    await app.publish(Noted, { n: 1 })
    await eventually(async () => (await app.inspect()).subscriptions[0]?.dead === 1)
    const [dead] = await store.readKept({ subscription: 'losing', state: 'dead', limit: 1 })
    expect(dead).toMatchObject({
      reason: 'exhausted',
      attempts: 2,
      history: [{ code: 'VERSION_CONFLICT' }, { code: 'VERSION_CONFLICT' }],
    })
    expect(tries).toBeGreaterThan(10)
  })
})

/** What an event does to a document; the order of two on one document makes a difference. */
type Change = (before: number | undefined, n: number) => number | undefined
const changes: readonly Change[] = [
  (before = 0, n) => before + n,
  (before = 1, n) => (before * 31 + n) % 65_521,
  (_before, n) => n,
  () => undefined,
]

interface Step extends Numbered {
  readonly change: number
  /** How many turns the handler takes before it writes, and how often it fails before that. */
  readonly turns: number
  readonly failures: number
}

const steps = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    n: fc.nat({ max: 1_000 }),
    change: fc.nat({ max: changes.length - 1 }),
    turns: fc.constantFrom(0, 0, 0, 1, 2),
    failures: fc.constantFrom(0, 0, 0, 0, 0, 1, 2),
  }),
  { minLength: 1, maxLength: 50 },
)

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Handles the steps as a service of the given dispatch, and gives the documents that are there in the end. */
async function documentsAfter(all: readonly Step[], dispatch: Dispatch, concurrency: number) {
  const { app } = await start({ contracts: [Ordered] })
  const failed = new Map<number, number>()
  const changing = service('changing', { dispatch, concurrency }).on(
    Ordered,
    async ({ data: { key, n } }, { documents, position }) => {
      const { change, turns, failures } = all[position - 1]!
      const before = await documents.get(values, key)
      const after = changes[change]!(before?.n, n)
      for (let i = 0; i < turns; i++) await turn()
      if (after === undefined) documents.delete(values, key)
      else documents.put(values, key, { n: after })
      const so = failed.get(position) ?? 0
      failed.set(position, so + 1)
      if (so < failures) throw new Error('not yet')
    },
    { retry: immediate({ attempts: 1_000 }) },
  )
  for (const { key, n } of all.slice(0, all.length / 2)) await app.publish(Ordered, { key, n })
  await app.subscribe(changing)
  await Promise.all(all.slice(all.length / 2).map(({ key, n }) => app.publish(Ordered, { key, n })))
  await eventually(async () => (await app.inspect()).subscriptions[0]?.settled.handled === all.length)
  const documents = await app.documents.list(values)
  await app.stop()
  return Object.fromEntries(documents.map(({ key, value }) => [key, value.n]))
}

function model(all: readonly Step[]): Record<string, number> {
  const documents = new Map<string, number>()
  for (const { key, n, change } of all) {
    const after = changes[change]!(documents.get(key), n)
    if (after === undefined) documents.delete(key)
    else documents.set(key, after)
  }
  return Object.fromEntries(documents)
}

describe('whatever the dispatch, failures and delays, the documents are those of a sequential run', () => {
  test.each([
    ['serial', 64],
    ['keyed', 64],
    ['keyed', 2],
  ] as const)('%s, concurrency %i', async (dispatch, concurrency) => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        expect(await documentsAfter(all, dispatch, concurrency)).toEqual(model(all))
      }),
      { numRuns: 40 },
    )
  })

  test('concurrent, where the order makes no difference', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const adding = all.map((step) => ({ ...step, change: 0 }))
        expect(await documentsAfter(adding, 'concurrent', 8)).toEqual(model(adding))
      }),
      { numRuns: 40 },
    )
  })
})
