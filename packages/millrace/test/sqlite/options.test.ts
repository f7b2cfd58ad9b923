import { expect, test } from 'vitest'
import { type SqliteOptions, sqlite } from '../../src/sqlite/index.ts'
import { event, openEngine } from './engine.ts'

test.each([
  [{ sync: 'full' }, 'sync'],
  [{ synchronous: 'off' }, 'synchronous'],
  [{ busyTimeoutMs: -1 }, 'busyTimeoutMs'],
  [{ maxPendingBytes: '1' }, 'maxPendingBytes'],
  [{ dedupWindowCount: 1.5 }, 'dedupWindowCount'],
])('%j is refused before anything is opened', (options, option) => {
  expect(() => sqlite('unused', options as SqliteOptions)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', fields: expect.objectContaining({ option }) }),
  )
})

test('an option that is undefined is as good as left out', async () => {
  const { store } = await openEngine({ busyTimeoutMs: undefined } as unknown as SqliteOptions)
  await store.commit({ append: [{ event: event() }] })
})

test.each([
  [':memory:', {}, 'memory', false],
  [undefined, {}, 'power', true],
  [undefined, { synchronous: 'normal' }, 'process', true],
] as const)('the durability of %j with %j is %s', async (path, options, durability, sharedByProcesses) => {
  const { newPath } = await import('./engine.ts')
  const { store } = await openEngine({ path: path ?? newPath(), ...options })
  expect(store.capabilities).toEqual({ engine: 'sqlite', sql: true, sharedByProcesses, durability })
})
