import diagnostics from 'node:diagnostics_channel'
import { join } from 'node:path'
import { eventually, simulatedClock } from '@millrace/testing'
import { collection, type Dispatch, message, type Service, type StartPosition, service } from 'millrace'
import { admin } from 'millrace/admin'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Changed, Noted, Ordered } from '../app/contracts.ts'
import { type Started, start } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'

const values = collection<{ n: number }>('values')
const state = async ({ app }: Started) => (await app.inspect()).subscriptions.find(({ name }) => name === 's')!
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function noting(handled: number[], options: Parameters<typeof service>[1] = {}): Service {
  return service('s', options).on(Noted, ({ data }) => void handled.push(data.n))
}

describe('a subscription that the store has never seen starts', () => {
  async function from(start_: (at: Date) => StartPosition | undefined): Promise<number[]> {
    const { app, clock } = await start({ contracts: [Noted] })
    await app.publish(Noted, { n: 1 })
    await app.publish(Noted, { n: 2 })
    await clock.advance(1_000)
    const at = new Date(clock.now())
    await app.publish(Noted, { n: 3 })
    await app.publish(Noted, { n: 4 })
    const handled: number[] = []
    const position = start_(at)
    await app.subscribe(noting(handled, position === undefined ? {} : { from: position }))
    await app.publish(Noted, { n: 5 })
    await app.idle()
    return handled.sort()
  }

  test('from the beginning, if nothing is said', async () => {
    expect(await from(() => undefined)).toEqual([1, 2, 3, 4, 5])
    expect(await from(() => 'beginning')).toEqual([1, 2, 3, 4, 5])
  })

  test('from now', async () => {
    expect(await from(() => 'now')).toEqual([5])
  })

  test('from a position', async () => {
    expect(await from(() => ({ position: 2 }))).toEqual([2, 3, 4, 5])
  })

  test('from a time', async () => {
    expect(await from((time) => ({ time }))).toEqual([3, 4, 5])
  })
})

describe('a subscription', () => {
  test('keeps its place while no application runs it', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const handled: number[] = []
    const first = await start({ path, services: [noting(handled, { from: 'now' })] })
    await first.app.publish(Noted, { n: 1 })
    await first.app.idle()
    await first.app.stop()

    const between = await start({ path, contracts: [Noted] })
    await between.app.publish(Noted, { n: 2 })
    await between.app.stop()

    const second = await start({ path, services: [noting(handled, { from: 'now' })] })
    await second.app.publish(Noted, { n: 3 })
    await second.app.idle()
    expect(handled).toEqual([1, 2, 3])
  })

  test('is left and taken up while the application runs', async () => {
    const handled: number[] = []
    const started = await start({ contracts: [Noted] })
    const { app } = started
    await app.subscribe(noting(handled))
    await app.publish(Noted, { n: 1 })
    await app.idle()
    await app.unsubscribe('s')
    await app.publish(Noted, { n: 2 })
    expect((await state(started)).owner).toBeNull()
    expect(app.health().services).toEqual([])
    await expect(app.unsubscribe('s')).rejects.toMatchObject({ code: 'SUBSCRIPTION_UNKNOWN' })

    await app.subscribe(noting(handled))
    await app.idle()
    expect(handled).toEqual([1, 2])
    await expect(app.subscribe(noting(handled))).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  test('takes up the topics that its handlers have now', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const handled: string[] = []
    const first = await start({ path, services: [service('s').on(Noted, ({ type }) => void handled.push(type))] })
    await first.app.publish(Noted, { n: 1 })
    await first.app.idle()
    await first.app.stop()
    const both = service('s')
      .on(Noted, ({ type }) => void handled.push(type))
      .on(Ordered, ({ type }) => void handled.push(type))
    const second = await start({ path, services: [both] })
    await second.app.publish(Ordered, { key: 'a', n: 1 })
    await second.app.idle()
    expect(handled).toEqual([Noted.name, Ordered.name])
  })
})

describe('an operator beside the application', () => {
  async function beside() {
    const path = join(temporaryFolder(), 'store.db')
    const clock = simulatedClock()
    const handled: number[] = []
    const started = await start({ path, clock, services: [noting(handled)] })
    const other = await start({ path, clock, contracts: [Noted] })
    const operator = admin(other.store)
    /** What another connection committed is seen by looking from time to time. */
    const soon = (condition: () => unknown) =>
      eventually(async () => {
        await clock.advance(10)
        return condition()
      })
    return { ...started, handled, operator, other: other.app, soon }
  }

  test('pauses and resumes', async () => {
    const { app, handled, operator, other, soon } = await beside()
    await app.publish(Noted, { n: 1 })
    await app.idle()
    await operator.pause('s', 'maintenance')
    await soon(() => app.health().services[0]?.phase === 'paused')
    await other.publish(Noted, { n: 2 })
    await app.publish(Noted, { n: 3 })
    for (let i = 0; i < 20; i++) await turn()
    expect(handled).toEqual([1])
    await operator.resume('s')
    await soon(() => handled.length === 3)
    expect(app.health().status).toBe('up')
  })

  test('rewinds: everything from there on is handled again', async () => {
    const { app, handled, operator, soon } = await beside()
    for (const n of [1, 2, 3]) await app.publish(Noted, { n })
    await app.idle()
    await operator.rewind('s', { position: 2 })
    await soon(() => handled.length === 5)
    expect(handled).toEqual([1, 2, 3, 2, 3])
    expect(app.health().status).toBe('up')
  })

  test('skips', async () => {
    const { app, handled, operator, soon } = await beside()
    await operator.pause('s', 'too much')
    await soon(() => app.health().services[0]?.phase === 'paused')
    for (const n of [1, 2, 3]) await app.publish(Noted, { n })
    await operator.rewind('s', 'now')
    await operator.resume('s')
    await app.publish(Noted, { n: 4 })
    await soon(() => handled.length === 1)
    expect(handled).toEqual([4])
  })

  test('replays a part, and leaves the cursor alone', async () => {
    const { app, handled, operator, soon } = await beside()
    for (const n of [1, 2, 3, 4]) await app.publish(Noted, { n })
    await app.idle()
    expect(await operator.replay('s', { after: 1, through: 3 })).toMatchObject({ events: 2 })
    await soon(() => handled.length === 6)
    expect(handled.slice(4).sort()).toEqual([2, 3])
    await app.publish(Noted, { n: 5 })
    await app.idle()
    expect(handled.slice(6)).toEqual([5])
  })
})

describe('rewinding while a handler is under way', () => {
  test('fences it: it has no effect, and the event is handled anew', async () => {
    const release = Promise.withResolvers<void>()
    const begun: number[] = []
    const signals: AbortSignal[] = []
    const s = service('s', { dispatch: 'serial' }).on(
      Noted,
      async ({ data: { n } }, { documents, publish, signal }) => {
        begun.push(n)
        signals.push(signal)
        const before = await documents.get(values, 'sum')
        documents.put(values, 'sum', { n: (before?.n ?? 0) + n })
        publish(Changed, { key: 'a', n })
        if (begun.length === 2) await release.promise
      },
    )
    const { app, store, clock } = await start({ services: [s], contracts: [Changed] })
    await app.publish(Noted, { n: 1 })
    await app.publish(Noted, { n: 10 })
    await eventually(() => begun.length === 2)
    await store.commit({ subscriptions: [{ kind: 'rewind', name: 's', to: { position: 2 } }] })
    await eventually(async () => {
      await clock.advance(1)
      return begun.length === 3
    })
    expect(begun).toEqual([1, 10, 10])
    expect(signals[1]!.reason).toMatchObject({ code: 'LEASE_LOST' })
    release.resolve()
    await app.idle()
    await turn()
    expect(await app.documents.get(values, 'sum')).toEqual({ n: 11 })
    const { records } = await store.readLog({ after: 0, topics: [Changed.topic], limit: 10 })
    expect(records).toHaveLength(2)
  })
})

describe('how much is under way at once', () => {
  test.each([
    ['serial', 64, 1],
    ['keyed', 3, 3],
    ['keyed', 64, 5],
    ['concurrent', 4, 4],
  ] as const)('%s with a concurrency of %i, five keys: %i handlers', async (dispatch: Dispatch, concurrency, most) => {
    const seen = { now: 0, most: 0 }
    const s = service('s', { dispatch, concurrency }).on(Ordered, async () => {
      seen.most = Math.max(seen.most, ++seen.now)
      for (let i = 0; i < 3; i++) await turn()
      seen.now--
    })
    const { app } = await start({ contracts: [Ordered] })
    await app.publishAll(Array.from({ length: 50 }, (_, n) => message(Ordered, { key: `k${n % 5}`, n })))
    await app.subscribe(s)
    await app.idle()
    expect(seen.most).toBe(most)
  })

  test('conflicts are worked off within the concurrency, too', async () => {
    const seen = { now: 0, most: 0 }
    const s = service('s', { dispatch: 'concurrent', concurrency: 3 }).on(
      Noted,
      async (_event, { documents }) => {
        seen.most = Math.max(seen.most, ++seen.now)
        const before = await documents.get(values, 'sum')
        await turn()
        documents.put(values, 'sum', { n: (before?.n ?? 0) + 1 })
        seen.now--
      },
      { retry: () => ({ delayMs: 0 }) },
    )
    const { app } = await start({ contracts: [Noted] })
    await app.publishAll(Array.from({ length: 60 }, (_, n) => message(Noted, { n })))
    await app.subscribe(s)
    await eventually(async () => (await app.documents.get(values, 'sum'))?.n === 60)
    expect(seen.most).toBe(3)
  })

  test('thousands of handlers that wait for one, and then end at once, do not grow the stack', async () => {
    const count = 10_000
    const release = Promise.withResolvers<void>()
    let handled = 0
    let delivered = 0
    const onDeliver = (told: unknown): void => {
      delivered += (told as { positions: readonly number[] }).positions.length
    }
    diagnostics.subscribe('millrace:deliver', onDeliver)
    onTestFinished(() => void diagnostics.unsubscribe('millrace:deliver', onDeliver))
    const s = service('s', { dispatch: 'concurrent', window: count, concurrency: 1 }).on(Noted, ({ data: { n } }) => {
      handled++
      return n === 0 ? release.promise : undefined
    })
    const { app, logged } = await start({ contracts: [Noted] })
    await app.publishAll(Array.from({ length: count }, (_, n) => message(Noted, { n })))
    await app.subscribe(s)
    await eventually(() => delivered === count)
    release.resolve()
    await app.idle()
    expect(handled).toBe(count)
    expect(logged.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('no more deliveries than the window are taken from the log', async () => {
    const release = Promise.withResolvers<void>()
    const begun: number[] = []
    const s = service('s', { dispatch: 'concurrent', window: 10 }).on(Noted, async ({ data }) => {
      begun.push(data.n)
      await release.promise
    })
    const { app } = await start({ contracts: [Noted] })
    await app.publishAll(Array.from({ length: 50 }, (_, n) => message(Noted, { n })))
    await app.subscribe(s)
    await eventually(() => begun.length === 10)
    for (let i = 0; i < 20; i++) await turn()
    expect(begun).toHaveLength(10)
    release.resolve()
    await app.idle()
    expect(begun).toHaveLength(50)
  })
})
