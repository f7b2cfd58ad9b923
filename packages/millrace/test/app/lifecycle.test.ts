import { join } from 'node:path'
import { eventually, simulatedClock } from '@millrace/testing'
import { collection, message, millrace, service } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../sqlite/folder.ts'
import { Changed, Noted, Ordered } from './contracts.ts'
import { start, tapped } from './setup.ts'

const values = collection<{ n: number }>('values')
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('stopping', () => {
  test('lets handlers under way finish and commit, begins none, gives the lease back, and closes the store', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const release = Promise.withResolvers<void>()
    const begun: number[] = []
    const s = service('s', { dispatch: 'serial' }).on(Noted, async ({ data: { n } }, { documents }) => {
      begun.push(n)
      documents.put(values, String(n), { n })
      await release.promise
    })
    const first = await start({ path, services: [s] })
    await first.app.publishAll([message(Noted, { n: 1 }), message(Noted, { n: 2 })])
    await eventually(() => begun.length === 1)
    let stopped = false
    const stopping = first.app.stop().then(() => {
      stopped = true
    })
    for (let i = 0; i < 20; i++) await turn()
    expect(stopped).toBe(false)
    expect(first.app.health().status).toBe('down')
    await expect(first.app.publish(Noted, { n: 3 })).rejects.toMatchObject({
      code: 'APP_NOT_RUNNING',
      fields: { phase: 'stopping' },
    })
    release.resolve()
    await stopping
    expect(begun).toEqual([1])
    await expect(first.store.inspect()).rejects.toMatchObject({ code: 'STORE_STOPPED' })

    const second = await start({ path, contracts: [Noted] })
    expect(await second.app.documents.list(values)).toMatchObject([{ key: '1' }])
    expect((await second.app.inspect()).subscriptions).toMatchObject([{ owner: null, lag: 1, settled: { handled: 1 } }])
  })

  test('gives up handlers after drainMs: they are aborted, count as no attempt, and their events come again', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const reasons: unknown[] = []
    const attempts: number[] = []
    const s = service('s').on(Noted, async (_event, { attempt, signal, documents }) => {
      attempts.push(attempt)
      documents.put(values, 'd', { n: attempt })
      if (attempts.length > 1) return
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason)
          resolve()
        })
      })
    })
    const first = await start({ path, services: [s], drainMs: 3_000 })
    await first.app.publish(Noted, { n: 1 })
    await eventually(() => attempts.length === 1)
    const stopping = first.app.stop()
    await first.clock.advance(2_999)
    expect(reasons).toEqual([])
    await first.clock.advance(1)
    await stopping
    expect(reasons).toMatchObject([{ code: 'APP_STOPPING', fields: { subscription: 's', drainMs: 3_000 } }])

    const second = await start({ path, services: [s] })
    expect(await second.app.documents.get(values, 'd')).toBeUndefined()
    await second.app.idle()
    expect(attempts).toEqual([1, 1])
    expect((await second.app.inspect()).subscriptions).toMatchObject([{ settled: { handled: 1 }, parked: 0 }])
  })

  test('comes to an end while others go on publishing', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const clock = simulatedClock()
    const release = Promise.withResolvers<void>()
    const begun: number[] = []
    const s = service('s', { dispatch: 'serial' }).on(Noted, async ({ data }) => {
      begun.push(data.n)
      await release.promise
    })
    const { app } = await start({ path, clock, services: [s] })
    const other = await start({ path, clock, contracts: [Noted] })
    await app.publish(Noted, { n: 1 })
    await eventually(() => begun.length === 1)
    const stopping = app.stop()
    for (let n = 2; n < 10; n++) {
      await other.app.publish(Noted, { n })
      await clock.advance(5)
    }
    release.resolve()
    await stopping
    expect(begun).toEqual([1])
    expect((await other.app.inspect()).subscriptions).toMatchObject([{ lag: 8, owner: null }])
  })

  test('twice is once, before the start is enough, and after it there is no way back', async () => {
    const { engine } = tapped(sqlite(':memory:'))
    const app = millrace({ store: engine })
    expect(app.health()).toEqual({ status: 'starting', services: [] })
    await expect(app.publish(Noted, { n: 1 })).rejects.toMatchObject({
      code: 'APP_NOT_RUNNING',
      fields: { phase: 'not started' },
    })
    await app.start()
    await expect(app.start()).rejects.toMatchObject({ code: 'APP_NOT_RUNNING' })
    await Promise.all([app.stop(), app.stop()])
    await app.stop()
    await expect(app.start()).rejects.toMatchObject({ code: 'APP_NOT_RUNNING' })
    const never = millrace({ store: engine })
    await never.stop()
    await expect(never.start()).rejects.toMatchObject({ code: 'APP_NOT_RUNNING' })
  })

  test('during the start waits for it', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const s = service('s').on(Noted, () => {})
    const app = millrace({ store: sqlite(path), services: [s] })
    const starting = app.start()
    await app.stop()
    await starting
    expect(app.health().status).toBe('down')
    await start({ path, services: [s] })
  })

  test('is done by `await using`, also when the block throws', async () => {
    const { engine, opened } = tapped(sqlite(':memory:'))
    await expect(
      (async () => {
        await using app = await millrace({ store: engine }).start()
        expect(app.health().status).toBe('up')
        throw new Error('in the block')
      })(),
    ).rejects.toThrow('in the block')
    await expect(opened().inspect()).rejects.toMatchObject({ code: 'STORE_STOPPED' })
  })
})

describe('a start that fails', () => {
  test('closes what it opened, and gives back what it took', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const clock = simulatedClock()
    const a = service('a').on(Noted, () => {})
    const b = service('b').on(Ordered, () => {})
    await start({ path, clock, services: [b] })
    const { engine, opened } = tapped(sqlite(path))
    await expect(millrace({ store: engine, clock, services: [a, b], blockedAfterMs: 0 }).start()).rejects.toMatchObject(
      {
        code: 'LEASE_HELD',
        fields: { lease: 'subscription:b' },
      },
    )
    await expect(opened().inspect()).rejects.toMatchObject({ code: 'STORE_STOPPED' })
    await start({ path, clock, services: [a] })
  })

  test('leaves no trace of a store that cannot be opened', async () => {
    const app = millrace({ store: sqlite(join(temporaryFolder(), 'no', 'such', 'folder.db')) })
    await expect(app.start()).rejects.toMatchObject({ code: 'STORE_UNREADABLE' })
    expect(app.health().status).toBe('down')
    await app.stop()
  })
})

describe('idle', () => {
  test('resolves when what was published before is settled, whatever is published meanwhile', async () => {
    const handled: number[] = []
    let publishing = true
    const s = service('s', { dispatch: 'serial' }).on(Noted, async ({ data: { n } }, { publish }) => {
      await turn()
      handled.push(n)
      if (publishing) publish(Noted, { n: n + 100 })
    })
    const { app } = await start({ services: [s] })
    await app.publishAll([1, 2, 3].map((n) => message(Noted, { n })))
    await app.idle()
    expect(handled).toEqual(expect.arrayContaining([1, 2, 3]))
    publishing = false
    await app.idle()
  })

  test('refuses services that nobody knows', async () => {
    const { app } = await start({})
    await expect(app.idle(['nobody'])).rejects.toMatchObject({ code: 'SUBSCRIPTION_UNKNOWN' })
  })
})

describe('an application that delivers nothing', () => {
  test('publishes and reads beside one that does', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const s = service('s').on(Noted, () => {})
    await start({ path, services: [s] })
    const quiet = millrace({ store: sqlite(path), services: [s], contracts: [Changed] })
    await quiet.start({ deliver: false })
    await quiet.publish(Changed, { key: 'a', n: 1 })
    expect(quiet.contracts.map(({ name }) => name).sort()).toEqual([Changed.name, Noted.name])
    expect(quiet.health()).toEqual({ status: 'up', services: [] })
    await quiet.stop()
  })
})
