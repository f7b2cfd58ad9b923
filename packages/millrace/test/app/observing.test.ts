import diagnostics from 'node:diagnostics_channel'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@millrace/testing'
import { type Logger, message, millrace, noRetry, service } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../sqlite/folder.ts'
import { Noted, Ordered } from './contracts.ts'
import { start } from './setup.ts'

/** Collects what is told on channels until the test ends. */
function listen(...stages: readonly string[]): { stage: string; told: Record<string, unknown> }[] {
  const all: { stage: string; told: Record<string, unknown> }[] = []
  for (const stage of stages) {
    const listener = (told: unknown): void => void all.push({ stage, told: told as Record<string, unknown> })
    diagnostics.subscribe(`millrace:${stage}`, listener)
    onTestFinished(() => void diagnostics.unsubscribe(`millrace:${stage}`, listener))
  }
  return all
}

describe('diagnostics channels', () => {
  test('tell every stage of the way of an event', async () => {
    const told = listen('publish', 'deliver', 'handle', 'settle')
    const { app } = await start({ services: [service('s').on(Noted, () => {})] })
    const { id } = await app.publish(Noted, { n: 1 })
    await app.idle()
    expect(told.map(({ stage }) => stage)).toEqual(['publish', 'deliver', 'handle', 'settle'])
    expect(told.map(({ told }) => told)).toMatchObject([
      { type: Noted.name, id, position: 1, duplicate: false },
      { subscription: 's', positions: [1] },
      {
        subscription: 's',
        position: 1,
        type: Noted.name,
        id,
        attempt: 1,
        ended: 'handled',
        durationMs: expect.any(Number),
      },
      { subscription: 's', settled: [{ position: 1, outcome: { kind: 'ack', reason: 'handled' } }] },
    ])
  })

  test('tell retries, drops and dead letters with their errors', async () => {
    const told = listen('retry', 'drop', 'dead-letter', 'handle')
    const s = service('s', { dispatch: 'serial' })
      .on(
        Noted,
        ({ data: { n } }, { attempt }) => {
          if (n === 1 || attempt === 1) throw new Error(`no ${n}`)
        },
        { retry: ({ attempts }) => (attempts < 2 ? { delayMs: 0 } : 'give-up'), filter: ({ data: { n } }) => n !== 3 },
      )
      .on(Ordered, () => Promise.reject(new Error('never')), { onError: () => 'discard' })
    const { app } = await start({ services: [s] })
    await app.publishAll([1, 2, 3].map((n) => message(Noted, { n })))
    await app.publish(Ordered, { key: 'a', n: 4 })
    await eventually(async () => (await app.inspect()).subscriptions[0]?.settled.discarded === 1)
    expect(told.filter(({ stage }) => stage !== 'handle').map(({ stage, told }) => [stage, told.position])).toEqual([
      ['retry', 1],
      ['dead-letter', 1],
      ['retry', 2],
      ['drop', 3],
      ['drop', 4],
    ])
    expect(told.find(({ stage }) => stage === 'dead-letter')!.told).toMatchObject({
      subscription: 's',
      type: Noted.name,
      attempts: 2,
      error: { message: 'no 1' },
    })
    expect(told.filter(({ stage }) => stage === 'handle').map(({ told }) => told.ended)).toEqual([
      'failed',
      'failed',
      'failed',
      'handled',
      'filtered',
      'failed',
    ])
  })
})

describe('the logger', () => {
  test('is told of the start, of failures with what is needed to find them, and of the stop', async () => {
    const s = service('s').on(
      Noted,
      (_event, { log }) => {
        log.info('from the handler', { own: true })
        throw new Error('no')
      },
      { retry: noRetry },
    )
    const { app, logged } = await start({ services: [s] })
    const { id } = await app.publish(Noted, { n: 1 })
    await app.idle()
    await app.stop()
    expect(logged.filter(({ level }) => level !== 'debug')).toMatchObject([
      { level: 'info', message: 'The application runs', fields: { services: ['s'] } },
      { level: 'info', message: 'from the handler', fields: { own: true } },
      {
        level: 'error',
        message: 'A delivery is dead-lettered',
        fields: { subscription: 's', position: 1, type: Noted.name, id, attempts: 1, error: { message: 'no' } },
      },
      { level: 'info', message: 'The application has stopped' },
    ])
  })
})

describe('a handler that blocks the event loop', () => {
  test('is reported with HANDLER_BLOCKED, its subscription and position', async () => {
    const errors: unknown[] = []
    const logger: Logger = {
      debug() {},
      info() {},
      warn() {},
      error: (_message, fields) => void errors.push(fields?.error),
    }
    const s = service('blocking').on(Noted, () => {
      const end = performance.now() + 150
      while (performance.now() < end);
    })
    await using app = await millrace({ store: sqlite(':memory:'), services: [s], logger, blockedAfterMs: 50 }).start()
    await app.publish(Noted, { n: 1 })
    await eventually(() => errors.length > 0)
    expect(errors[0]).toMatchObject({
      code: 'HANDLER_BLOCKED',
      fields: { subscription: 'blocking', position: 1, blockedMs: expect.any(Number) },
    })
    expect((errors[0] as { fields: { blockedMs: number } }).fields.blockedMs).toBeGreaterThanOrEqual(50)
  })
})

describe('health and counters', () => {
  test('show what each service does, and what was published twice', async () => {
    const { app, store } = await start({
      services: [service('s').on(Noted, () => {}), service('t').on(Noted, () => {})],
    })
    expect(app.health()).toEqual({
      status: 'up',
      services: [
        { name: 's', phase: 'running', error: null },
        { name: 't', phase: 'running', error: null },
      ],
    })
    await store.commit({ subscriptions: [{ kind: 'pause', name: 't', reason: 'by hand' }] })
    await eventually(() => app.health().status === 'degraded')
    await app.publish(Noted, { n: 1 }, { id: 'x' })
    await app.publish(Noted, { n: 1 }, { id: 'x' })
    expect((await app.inspect()).counters).toEqual([{ name: 'duplicate', subject: Noted.topic, value: 1 }])
  })

  test('are down when the store has stopped, here because its file was taken away', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const { app, clock } = await start({ services: [service('s').on(Noted, () => {})], path })
    rmSync(path)
    await expect(app.publish(Noted, { n: 1 })).rejects.toMatchObject({ code: 'STORE_STOPPED' })
    await eventually(async () => {
      await clock.advance(10)
      return app.health().services[0]!.phase === 'failed'
    })
    expect(app.health()).toMatchObject({ status: 'down', services: [{ error: expect.stringContaining(path) }] })
    await app.stop()
  })
})
