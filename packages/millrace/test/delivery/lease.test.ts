import { join } from 'node:path'
import { eventually, simulatedClock } from '@millrace/testing'
import { millrace, service } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { expect, test } from 'vitest'
import { Changed, Noted, Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'
import { startWorker } from './processes.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a second application that wants the same subscription is refused, and is told who has it', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const clock = simulatedClock()
  const one = service('one').on(Noted, () => {})
  const first = await start({ path, clock, services: [one] })
  const second = millrace({ store: sqlite(path), clock, blockedAfterMs: 0, services: [one] })
  const refused = await second.start().catch((error: unknown) => error)
  expect(refused).toMatchObject({
    code: 'LEASE_HELD',
    fields: { lease: 'subscription:one', pid: process.pid, untilMs: clock.now() + 10_000 },
    remedy: expect.stringContaining("whenHeld: 'wait'"),
  })
  expect(second.health().status).toBe('down')

  // The other one is not harmed by the attempt.
  await first.app.publish(Noted, { n: 1 })
  await first.app.idle()
  expect(first.app.health().status).toBe('up')
})

test('a lease is renewed as long as the application runs', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const clock = simulatedClock()
  const one = service('one', { leaseMs: 3_000 }).on(Noted, () => {})
  await start({ path, clock, services: [one] })
  await clock.advance(20_000)
  await expect(start({ path, clock, services: [one] })).rejects.toMatchObject({ code: 'LEASE_HELD' })
})

test('one that stands by takes over when the other one stops', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const clock = simulatedClock()
  const handled: string[] = []
  const named = (name: string) =>
    service('one', { whenHeld: 'wait' }).on(Noted, ({ data }) => void handled.push(`${name} ${data.n}`))
  const first = await start({ path, clock, services: [named('first')] })
  const second = await start({ path, clock, services: [named('second')] })
  expect(second.app.health()).toMatchObject({ status: 'up', services: [{ phase: 'standby' }] })
  await first.app.publish(Noted, { n: 1 })
  await first.app.idle()
  await clock.advance(5_000)
  expect(second.app.health()).toMatchObject({ services: [{ phase: 'standby' }] })

  await first.app.stop()
  await second.app.publish(Noted, { n: 2 })
  await eventually(async () => {
    await clock.advance(100)
    return handled.length === 2
  })
  expect(handled).toEqual(['first 1', 'second 2'])
  expect(second.app.health()).toMatchObject({ services: [{ phase: 'running', error: null }] })
})

test('one that stands by takes over at once from a process that died, without waiting for its lease to lapse', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const watching = await start({ path, contracts: [Ordered] })
  await watching.app.sql([{ text: 'CREATE TABLE handled (service TEXT, n INTEGER)', parameters: [] }])
  const handled = async () => (await watching.app.query('SELECT service, n FROM handled ORDER BY n')) as unknown

  const owner = startWorker(path, { role: 'standby' })
  await owner.told('started')
  const other = startWorker(path, { role: 'standby' })
  await other.told('started')
  await watching.app.publish(Ordered, { key: 'a', n: 1 })
  await eventually(async () => {
    expect(await handled()).toEqual([{ service: `standby ${owner.pid}`, n: 1 }])
    return true
  })

  await owner.kill()
  await watching.app.publish(Ordered, { key: 'a', n: 2 })
  await eventually(async () => {
    expect(await handled()).toEqual([
      { service: `standby ${owner.pid}`, n: 1 },
      { service: `standby ${other.pid}`, n: 2 },
    ])
    return true
  })
  expect(await other.end()).toEqual({ code: 0, signal: null })
})

test('a process that was thought dead is fenced: what its handler still does has no effect', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const release = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const slow = service('one').on(Noted, async ({ data }, { publish }) => {
    publish(Changed, { key: 'slow', n: data.n })
    begun.resolve()
    await release.promise
  })
  const quick = service('one').on(Noted, ({ data }, { publish }) => publish(Changed, { key: 'quick', n: data.n }))
  // The first one's clock stands still, as if the process were suspended: its lease lapses by the other one's clock.
  const first = await start({ path, services: [slow], contracts: [Changed] })
  const clock = simulatedClock()
  await clock.advance(10_001)
  await first.app.publish(Noted, { n: 1 })
  await begun.promise

  const second = await start({ path, clock, services: [quick], contracts: [Changed] })
  await second.app.idle()
  release.resolve()
  await eventually(() => first.logged.some(({ message }) => message.includes('was fenced')))
  for (let i = 0; i < 10; i++) await turn()

  const { records } = await second.store.readLog({ after: 0, topics: [Changed.topic], limit: 10 })
  expect(records.map(({ event }) => JSON.parse(event.data!))).toEqual([{ key: 'quick', n: 1 }])
  expect((await second.app.inspect()).subscriptions).toMatchObject([{ settled: { handled: 1 } }])
  // It stands by from now on.
  await eventually(async () => {
    await first.clock.advance(100)
    return first.app.health().services[0]!.phase === 'standby'
  })
})

test('a suspended process that notices by its renewal gives up, too', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const one = service('one').on(Noted, () => {})
  const first = await start({ path, services: [one] })
  const clock = simulatedClock()
  await clock.advance(10_001)
  await start({ path, clock, services: [one] })
  await eventually(async () => {
    await first.clock.advance(1_000)
    return first.app.health().services[0]!.phase === 'standby'
  })
})

test('after an unclean end suspects are tried one at a time; when all have been, everything runs beside each other again', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const seen = { now: 0, most: 0, numbers: [] as number[] }
  const one = service('one').on(
    Ordered,
    async ({ data: { n } }) => {
      seen.numbers.push(n)
      if (n === 1) throw new Error('not yet')
      seen.most = Math.max(seen.most, ++seen.now)
      for (let i = 0; i < 3; i++) await turn()
      seen.now--
    },
    { retry: () => ({ delayMs: 3_600_000 }) },
  )
  // One is parked, with one of its key behind it in the log; two others were under way when the process was suspended.
  const first = await start({ path, services: [one] })
  await first.app.publish(Ordered, { key: 'a', n: 1 })
  await first.app.idle()
  await first.app.admin.pause('one', 'so that nothing more is begun')
  await eventually(() => first.app.health().services[0]!.phase === 'paused')
  for (const [key, n] of [
    ['a', 2],
    ['b', 3],
    ['c', 4],
  ] as const)
    await first.app.publish(Ordered, { key, n })
  const clock = simulatedClock()
  await clock.advance(10_001)
  const second = await start({ path, clock, services: [one] })
  await second.app.admin.resume('one')
  await second.app.idle()
  expect(seen).toEqual({ now: 0, most: 1, numbers: [1, 3, 4] })

  for (const [key, n] of [
    ['d', 5],
    ['e', 6],
    ['f', 7],
  ] as const)
    await second.app.publish(Ordered, { key, n })
  await second.app.idle()
  for (const [key, n] of [
    ['d', 8],
    ['e', 9],
    ['f', 10],
  ] as const)
    await second.app.publish(Ordered, { key, n })
  await second.app.idle()
  expect(seen.numbers.slice(3)).toEqual([5, 6, 7, 8, 9, 10])
  expect(seen.most).toBe(3)
  expect((await second.app.inspect()).subscriptions).toMatchObject([{ parked: 1, waiting: 1 }])
})
