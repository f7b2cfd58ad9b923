import {
  type ApplicationConfig,
  defineCommand,
  defineEvent,
  defineQuery,
  millrace,
  type ServiceOptions,
  service,
} from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Noted } from './contracts.ts'
import { start } from './setup.ts'

const store = sqlite(':memory:')
const wrong = (code: string, option?: string) =>
  expect.objectContaining({
    code,
    remedy: expect.any(String),
    ...(option === undefined ? {} : { fields: expect.objectContaining({ option }) }),
  })
const handler = (): void => {}

describe('wrong configuration is refused before anything is opened, and says which option is wrong', () => {
  const configurations: readonly (readonly [option: string, config: unknown])[] = [
    ['stroe', { stroe: store }],
    ['store', {}],
    ['store', { store: 'shop.db' }],
    ['services', { store, services: service('s').on(Noted, handler) }],
    ['services', { store, services: [{}] }],
    ['services', { store, services: [service('idle')] }],
    ['services', { store, services: [service('s').on(Noted, handler), service('s').on('a.b', handler)] }],
    ['contracts', { store, contracts: Noted }],
    ['middleware', { store, middleware: handler }],
    ['maxEventBytes', { store, maxEventBytes: '1 MB' }],
    ['drainMs', { store, drainMs: -1 }],
    ['logger', { store, logger: { info: handler } }],
    ["retention['shop.**']", { store, retention: { 'shop.**': { maxAge: 1 } } }],
    ["retention['shop.**'].maxAgeMs", { store, retention: { 'shop.**': { maxAgeMs: '1h' } } }],
  ]
  test.each(configurations)('%s', (option, config) => {
    expect(() => millrace(config as ApplicationConfig)).toThrow(wrong('CONFIG_INVALID', option))
  })

  test('a pattern of a retention', () => {
    expect(() => millrace({ store, retention: { 'shop.***': {} } })).toThrow(wrong('TOPIC_INVALID'))
  })

  test('an option that is undefined is one that is left out', async () => {
    const config = { contracts: [Noted], source: undefined, drainMs: undefined } as unknown as { contracts: [] }
    const { app } = await start(config)
    await app.publish(Noted, { n: 1 })
  })

  test.each([
    ['typo', { dispach: 'serial' }],
    ['dispatch', { dispatch: 'parallel' }],
    ['concurrency', { concurrency: 0 }],
    ['window', { window: 1.5 }],
    ['maxLag', { maxLag: -1 }],
    ['leaseMs', { leaseMs: '10s' }],
    ['poisonAfterDeaths', { poisonAfterDeaths: 0 }],
    ['whenHeld', { whenHeld: 'steal' }],
    ['from', { from: 'yesterday' }],
    ['from', { from: { position: -1 } }],
    ['from', { from: { time: new Date(Number.NaN) } }],
  ])('of a service: %s', (_option, options) => {
    expect(() => service('s', options as ServiceOptions)).toThrow(wrong('CONFIG_INVALID'))
  })

  test.each(['', 'with space', '-dash', 'x'.repeat(101), 'a/b'])('the name of a service: %j', (name) => {
    expect(() => service(name)).toThrow(wrong('CONFIG_INVALID'))
  })

  const Do = defineCommand('test.do', { schema: z.object({}) })
  const Ask = defineQuery('test.ask', { schema: z.object({}), reply: z.string() })
  test.each([
    ['no function', () => service('s').on(Noted, 'handler' as never)],
    ['unknown option', () => service('s').on(Noted, handler, { retries: 3 } as never)],
    ['retry', () => service('s').on(Noted, handler, { retry: 3 as never })],
    ['timeoutMs', () => service('s').on(Noted, handler, { timeoutMs: 0 })],
    ['expired', () => service('s').on(Noted, handler, { expired: 'keep' as never })],
    ['a command with on', () => service('s').on(Do as never, handler)],
    ['an event with handle', () => service('s').handle(Noted as never, handler as never)],
    ['a query with handle', () => service('s').handle(Ask as never, (() => 'x') as never)],
    ['a pattern with answer', () => service('s').answer('test.*' as never, (() => 'x') as never)],
  ])('of a handler: %s', (_what, make) => {
    expect(make).toThrow(wrong('CONFIG_INVALID'))
  })

  test('of a handler: twice for one contract or pattern, and a pattern that is none', () => {
    expect(() => service('s').on(Noted, handler).on(Noted, handler)).toThrow(wrong('HANDLER_DUPLICATE'))
    expect(() => service('s').on('a.*', handler).on('a.*', handler)).toThrow(wrong('HANDLER_DUPLICATE'))
    expect(() => service('s').on('a..b', handler)).toThrow(wrong('TOPIC_INVALID'))
  })

  test.each([
    ['no schema', () => defineEvent('test.x', {} as never)],
    ['unknown option', () => defineEvent('test.x', { schema: z.object({}), keys: [] } as never)],
    ['version', () => defineEvent('test.x', { schema: z.object({}), version: 0 })],
    ['upcast', () => defineEvent('test.x', { schema: z.object({}), upcast: { 1: handler } as never })],
    ['compatibility', () => defineEvent('test.x', { schema: z.object({}), compatibility: 'some' as never })],
    ['ttlMs', () => defineEvent('test.x', { schema: z.object({}), ttlMs: 0 })],
    ['reply of an event', () => defineEvent('test.x', { schema: z.object({}), reply: z.object({}) } as never)],
    ['query without reply', () => defineQuery('test.x', { schema: z.object({}) } as never)],
    ['internal', () => defineEvent('_millrace.x', { schema: z.object({}) })],
  ])('of a contract: %s', (_what, make) => {
    expect(make).toThrow(wrong('CONTRACT_INVALID'))
  })
})
