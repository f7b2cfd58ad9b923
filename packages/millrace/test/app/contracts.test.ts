import { join } from 'node:path'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import * as arktype from 'arktype'
import { defineCommand, defineEvent, type EventContract, service } from 'millrace'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryFolder } from '../sqlite/folder.ts'
import { start } from './setup.ts'

const name = 'test.invoice'

/** Starts an application with each of the contracts, one after the other, on one store; the last one may be refused. */
async function deployed(...contracts: readonly EventContract[]) {
  const path = join(temporaryFolder(), 'store.db')
  for (const contract of contracts.slice(0, -1)) {
    const { app } = await start({ path, contracts: [contract] })
    await app.stop()
  }
  return start({ path, contracts: [contracts.at(-1)!] })
}

const First = defineEvent(name, { schema: z.object({ id: z.string(), cents: z.number() }) })

describe('a changed contract', () => {
  test('is accepted when the data in the log can be read by it', async () => {
    const wider = z.object({ id: z.string(), cents: z.number().optional(), note: z.string().optional() })
    await deployed(First, First, defineEvent(name, { schema: wider }))
  })

  test('is refused at start when it cannot, and nothing is changed by that', async () => {
    const Narrower = defineEvent(name, { schema: z.object({ id: z.string(), cents: z.number(), country: z.string() }) })
    await expect(deployed(First, Narrower)).rejects.toMatchObject({
      code: 'CONTRACT_INCOMPATIBLE',
      fields: {
        contract: name,
        version: 1,
        mode: 'backward',
        differences: [expect.stringContaining('country')],
      },
    })
    const path = join(temporaryFolder(), 'store.db')
    const { app } = await start({ path, contracts: [First] })
    await app.publish(First, { id: 'i-1', cents: 1 })
    await app.stop()
    await expect(start({ path, contracts: [Narrower] })).rejects.toMatchObject({ code: 'CONTRACT_INCOMPATIBLE' })
    const again = await start({ path, contracts: [First] })
    expect((await again.app.inspect()).head).toBe(1)
  })

  test('is refused when it is first published, where it was not named at start', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const first = await start({ path, contracts: [First] })
    await first.app.stop()
    const { app } = await start({ path })
    const Changed = defineEvent(name, { schema: z.object({ id: z.number() }) })
    await expect(app.publish(Changed, { id: 1 })).rejects.toMatchObject({ code: 'CONTRACT_INCOMPATIBLE' })
    await expect(app.subscribe(service('s').on(Changed, () => {}))).rejects.toMatchObject({
      code: 'CONTRACT_INCOMPATIBLE',
    })
  })

  test.each([
    ['backward', { id: z.string() }, true],
    ['backward', { id: z.string(), cents: z.number(), more: z.string() }, false],
    ['forward', { id: z.string(), cents: z.number(), more: z.string() }, true],
    ['forward', { id: z.string() }, false],
    ['full', { id: z.string(), cents: z.number(), more: z.string().optional() }, true],
    ['full', { id: z.string() }, false],
    ['full', { id: z.string(), cents: z.number(), more: z.string() }, false],
    ['none', { other: z.boolean() }, true],
  ] as const)('in the mode %s: %s is allowed: %s', async (compatibility, shape, allowed) => {
    const start_ = deployed(First, defineEvent(name, { schema: z.object(shape), compatibility }))
    if (allowed) await start_
    else await expect(start_).rejects.toMatchObject({ code: 'CONTRACT_INCOMPATIBLE', fields: { mode: compatibility } })
  })

  test('is compared with every schema that the version has had, not with the newest only', async () => {
    const wider = defineEvent(name, { schema: z.object({ id: z.string(), cents: z.number().optional() }) })
    const back = defineEvent(name, { schema: z.object({ id: z.string(), cents: z.number() }) })
    await expect(deployed(First, wider, back)).rejects.toMatchObject({ code: 'CONTRACT_INCOMPATIBLE' })
  })

  test('that changes back and forth between two that are compatible is noted once each', async () => {
    const wider = defineEvent(name, {
      schema: z.object({ id: z.string(), cents: z.number(), note: z.string().optional() }),
    })
    const { app } = await deployed(First, wider, First, wider, First)
    const [published] = await app.admin.contracts()
    expect(published).toMatchObject({ name, version: 1, schemas: [{}, {}] })
    expect(published!.schemas).toHaveLength(2)
  })

  test('cannot be checked without a JSON Schema; that is refused, unless the check is given up', async () => {
    const schema = v.object({ id: v.string() })
    await expect(deployed(defineEvent(name, { schema }))).rejects.toMatchObject({
      code: 'CONTRACT_SCHEMA_UNKNOWN',
      fields: { contract: name, vendor: 'valibot' },
    })
    await deployed(defineEvent(name, { schema, compatibility: 'none' }))
    await deployed(defineEvent(name, { schema: toStandardJsonSchema(schema) }))
    await deployed(defineEvent(name, { schema, jsonSchema: { type: 'object' } }))
    await deployed(defineEvent(name, { schema: arktype.type({ id: 'string' }) }))
  })
})

describe('a new version of a contract', () => {
  const second = (upcast: Record<number, (data: unknown) => unknown>) =>
    defineEvent(name, { schema: z.object({ number: z.string(), euros: z.number() }), version: 2, upcast })
  const toSecond = (data: unknown) => {
    const { id, cents } = data as { id: string; cents: number }
    return { number: id, euros: cents / 100 }
  }

  test('reads old events through its upcasters, as its handlers and streams get them', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const first = await start({ path, contracts: [First] })
    await first.app.publish(First, { id: 'i-1', cents: 250 })
    await first.app.append('invoice-1', [{ contract: First, data: { id: 'i-2', cents: 100 }, options: undefined }])
    await first.app.stop()
    const seen: unknown[] = []
    const Second = second({ 1: toSecond })
    const { app } = await start({
      path,
      services: [service('s').on(Second, ({ data, dataversion }) => void seen.push([data, dataversion]))],
    })
    await app.publish(Second, { number: 'i-3', euros: 3 })
    await app.idle()
    expect(seen).toEqual([
      [{ number: 'i-1', euros: 2.5 }, 2],
      [{ number: 'i-2', euros: 1 }, 2],
      [{ number: 'i-3', euros: 3 }, 2],
    ])
    for await (const { event } of app.events(name, { from: 'beginning', live: false })) {
      expect(event).toMatchObject({ dataversion: 2, data: { number: expect.any(String) } })
    }
    expect((await app.readStream('invoice-1'))[0]!.event.data).toEqual({ number: 'i-2', euros: 1 })
  })

  test('is refused without an upcaster from each version that was published', async () => {
    await expect(deployed(First, second({}))).rejects.toMatchObject({
      code: 'UPCASTER_MISSING',
      fields: { contract: name, from: 1, to: 2 },
    })
    const third = defineEvent(name, { schema: z.object({}), version: 3, upcast: { 1: toSecond } })
    await expect(deployed(First, second({ 1: toSecond }), third)).rejects.toMatchObject({
      code: 'UPCASTER_MISSING',
      fields: { from: 2, to: 3 },
    })
  })

  test('an upcaster that throws, or whose result does not fit, dead-letters that event alone', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const first = await start({ path, contracts: [First] })
    for (const id of ['good', 'throws', 'misfit']) await first.app.publish(First, { id, cents: 100 })
    await first.app.stop()
    const Second = second({
      1: (data) => {
        const { id } = data as { id: string }
        if (id === 'throws') throw new Error('cannot')
        return id === 'misfit' ? {} : toSecond(data)
      },
    })
    const seen: string[] = []
    const s = service('s').on(Second, ({ data }) => void seen.push(data.number), { retry: () => 'give-up' })
    const { app, store } = await start({ path, services: [s] })
    await app.idle()
    expect(seen).toEqual(['good'])
    const dead = await store.readKept({ subscription: 's', state: 'dead', limit: 10 })
    expect(dead.map(({ history }) => history[0]!.message)).toEqual(['cannot', expect.stringContaining("'number'")])
  })

  test('runs beside the older one', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const Second = second({ 1: toSecond })
    const { app: newer } = await start({ path, contracts: [Second] })
    const { app: older } = await start({ path, contracts: [First] })
    await older.publish(First, { id: 'i-1', cents: 100 })
    await newer.publish(Second, { number: 'i-2', euros: 2 })
    const seen: unknown[] = []
    for await (const { event } of newer.events(name, { from: 'beginning', live: false })) seen.push(event.data)
    expect(seen).toEqual([
      { number: 'i-1', euros: 1 },
      { number: 'i-2', euros: 2 },
    ])
  })
})

describe('a name', () => {
  test('stands for one contract in an application', async () => {
    const Twin = defineEvent(name, { schema: z.object({ id: z.string(), cents: z.number() }) })
    await expect(start({ contracts: [First, Twin] })).rejects.toMatchObject({
      code: 'CONTRACT_DUPLICATE',
      fields: { contract: name, version: 1 },
    })
    const s = service('s').on(First, () => {})
    await expect(start({ contracts: [Twin], services: [s] })).rejects.toMatchObject({ code: 'CONTRACT_DUPLICATE' })
    const { app } = await start({ services: [s] })
    await expect(app.publish(Twin, { id: 'x', cents: 1 })).rejects.toMatchObject({ code: 'CONTRACT_DUPLICATE' })
    const Command = defineCommand('test.do', { schema: z.object({}) })
    expect(() =>
      service('t')
        .handle(Command, () => {})
        .handle(Command, () => {}),
    ).toThrow(expect.objectContaining({ code: 'HANDLER_DUPLICATE' }))
  })
})

describe('any Standard Schema library', () => {
  const libraries: Readonly<Record<string, EventContract<{ n: number }, { n: number }>>> = {
    zod: defineEvent('test.zod', { schema: z.object({ n: z.number().positive() }), key: ({ n }) => String(n) }),
    valibot: defineEvent('test.valibot', {
      schema: toStandardJsonSchema(v.object({ n: v.pipe(v.number(), v.minValue(1)) })),
      key: ({ n }) => String(n),
    }),
    arktype: defineEvent('test.arktype', { schema: arktype.type({ n: 'number > 0' }), key: ({ n }) => String(n) }),
  }

  test.each(Object.keys(libraries))(
    '%s: validates where published and where received, and finds the key',
    async (library) => {
      const contract = libraries[library]!
      const seen: unknown[] = []
      const s = service('s').on(contract, ({ data, partitionkey }) => void seen.push([data.n, partitionkey]))
      const { app, store } = await start({ services: [s] })
      await app.publish(contract, { n: 5 })
      await expect(app.publish(contract, { n: -1 })).rejects.toMatchObject({
        code: 'DATA_INVALID',
        fields: { path: 'n' },
      })
      const header = { topic: contract.topic, type: contract.name, version: 1, source: '/elsewhere' }
      const event = { header, id: 'x', key: null, timeMs: 0, expiresMs: null, attributes: null, data: '{"n":"?"}' }
      await store.commit({ append: [{ event }] })
      await app.idle()
      expect(seen).toEqual([[5, '5']])
      expect((await app.inspect()).subscriptions).toMatchObject([{ dead: 1, settled: { handled: 1 } }])
    },
  )

  test('transforms run once, where the event is received', async () => {
    const Meeting = defineEvent('test.meeting', {
      schema: z.object({ at: z.iso.datetime().transform((text) => new Date(text)), room: z.string().default('hall') }),
    })
    const seen: unknown[] = []
    const s = service('s').on(Meeting, ({ data }) => void seen.push(data))
    const { app, store } = await start({ services: [s] })
    await app.publish(Meeting, { at: '2025-05-05T10:00:00Z' })
    await app.idle()
    expect(seen).toEqual([{ at: new Date('2025-05-05T10:00:00Z'), room: 'hall' }])
    expect((await store.readLog({ after: 0, limit: 1 })).records[0]!.event.data).toBe('{"at":"2025-05-05T10:00:00Z"}')
  })
})
