import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Clock, Logger } from '../../src/base/index.ts'
import { silentLogger, systemClock, uuidv7 } from '../../src/base/index.ts'
import type { EncodedEvent } from '../../src/event/index.ts'
import { type SqliteOptions, sqlite } from '../../src/sqlite/index.ts'
import type { LeaseOwner } from '../../src/store/index.ts'
import type { OpenEngine } from '../../src/transport/index.ts'
import { temporaryFolder } from './folder.ts'

const newId = uuidv7(systemClock)

export interface TestEngineOptions extends SqliteOptions {
  readonly path?: string
  readonly clock?: Clock
  readonly logger?: Logger
}

/** An open engine that closes with the test. */
export async function openEngine({
  path = ':memory:',
  clock,
  logger,
  ...options
}: TestEngineOptions = {}): Promise<OpenEngine> {
  const engine = await sqlite(path, options).open({
    clock: clock ?? systemClock,
    newId,
    logger: logger ?? silentLogger,
  })
  onTestFinished(() => engine.store.close())
  return engine
}

/** The path of a store that does not exist yet, in a folder that goes away with the test. */
export const newPath = (): string => join(temporaryFolder(), 'store.db')

export function event(topic = 't', fields: Partial<EncodedEvent> = {}): EncodedEvent {
  const header = { topic, type: topic, version: 1, source: 'test' }
  return { header, id: newId(), key: null, timeMs: 1_000, expiresMs: null, attributes: null, data: '{}', ...fields }
}

export const me: LeaseOwner = { instance: 'me', pid: process.pid, host: 'here' }

/** Makes a subscription from the beginning and takes its lease. Resolves with the epoch. */
export async function subscribed({ store }: OpenEngine, name: string, topics: readonly string[]): Promise<number> {
  await store.commit({ subscriptions: [{ kind: 'ensure', name, topics, from: 'beginning' }] })
  const { epochs } = await store.commit({
    leases: [{ kind: 'acquire', name: `subscription:${name}`, owner: me, ttlMs: 1e9 }],
  })
  return epochs[0]!.epoch
}
