import { join } from 'node:path'
import { eventually } from '@millrace/testing'
import { fixed, message, millrace, service } from 'millrace'
import type { StoreEngine } from 'millrace/engine'
import { sqlite } from 'millrace/sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Noted, Ordered } from '../app/contracts.ts'
import { type Started, start } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn()
}

async function settled({ app, clock }: Started, services: number): Promise<void> {
  await eventually(async () => {
    await clock.advance(1_000)
    const { subscriptions } = await app.inspect()
    const quiet = subscriptions.every(({ lag, parked, waiting }) => lag + parked + waiting === 0)
    return quiet && subscriptions.length === services
  })
}

describe('a rewind over deliveries that are kept apart', () => {
  test('of a key: all come again in the order of the log, each once', async () => {
    const handled: number[] = []
    let broken = true
    const s = service('s').on(
      Ordered,
      ({ data: { n } }) => {
        if (n === 3 && broken) throw new Error('not yet')
        handled.push(n)
      },
      { retry: fixed({ attempts: 100, delayMs: 1_000 }) },
    )
    const started = await start({ services: [s] })
    await started.app.publishAll([1, 2, 3, 4, 5].map((n) => message(Ordered, { key: 'k', n })))
    await started.app.idle()
    expect(handled).toEqual([1, 2])
    broken = false
    await started.app.admin.rewind('s', { position: 2 })
    await settled(started, 1)
    expect(handled).toEqual([1, 2, 2, 3, 4, 5])
  })

  test.each(['keyed', 'concurrent'] as const)('without a key, %s: each comes once', async (dispatch) => {
    const handled: number[] = []
    let broken = true
    const s = service('s', { dispatch }).on(
      Noted,
      ({ data: { n } }) => {
        if (n === 2 && broken) throw new Error('not yet')
        handled.push(n)
      },
      { retry: fixed({ attempts: 100, delayMs: 1_000 }) },
    )
    const started = await start({ services: [s] })
    for (const n of [1, 2, 3]) await started.app.publish(Noted, { n })
    await started.app.idle()
    expect(handled.toSorted()).toEqual([1, 3])
    broken = false
    await started.app.admin.rewind('s', { position: 2 })
    await settled(started, 1)
    expect(handled.toSorted()).toEqual([1, 2, 3, 3])
  })

  test('of dead letters: what is handled again is no dead letter any more; what lies before the place stays one', async () => {
    const handled: number[] = []
    let broken = true
    const s = service('s').on(
      Ordered,
      ({ data: { n } }) => {
        if (n !== 2 && broken) throw new Error('never')
        handled.push(n)
      },
      { onError: () => 'dead-letter' },
    )
    const started = await start({ services: [s] })
    for (const n of [1, 2, 3]) await started.app.publish(Ordered, { key: 'k', n })
    await started.app.idle()
    broken = false
    await started.app.admin.rewind('s', { position: 2 })
    await settled(started, 1)
    expect(handled).toEqual([2, 2, 3])
    expect(await started.app.admin.deadLetters.list()).toMatchObject([{ position: 1 }])
  })

  test('forwards leaves them alone', async () => {
    const handled: number[] = []
    let broken = true
    const s = service('s').on(Ordered, ({ data: { n } }) => {
      if (broken) throw new Error('not yet')
      handled.push(n)
    })
    const started = await start({ services: [s] })
    for (const n of [1, 2]) await started.app.publish(Ordered, { key: 'k', n })
    await started.app.idle()
    broken = false
    await started.app.admin.rewind('s', 'now')
    await settled(started, 1)
    expect(handled).toEqual([1, 2])
  })
})

describe('a replay to a serial service', () => {
  async function serial(failing: (n: number, attempt: number) => boolean) {
    const seen = { now: 0, most: 0, handled: [] as number[] }
    const s = service('s', { dispatch: 'serial' }).on(
      Ordered,
      async ({ data: { n } }, { attempt }) => {
        seen.most = Math.max(seen.most, ++seen.now)
        await turns(2)
        seen.now--
        if (failing(n, attempt)) throw new Error('not yet')
        seen.handled.push(n)
      },
      { retry: fixed({ attempts: 9, delayMs: 1_000 }) },
    )
    const started = await start({ services: [s] })
    // Two of one key before one of another: the order of the keys is not that of the log.
    const keys = ['a', 'a', 'b', 'a', 'b']
    await started.app.publishAll(keys.map((key, index) => message(Ordered, { key, n: index + 1 })))
    await settled(started, 1)
    seen.handled.length = 0
    return { started, seen }
  }

  test('comes in the order of the log, one after the other', async () => {
    const { started, seen } = await serial(() => false)
    await started.app.admin.replay('s', {})
    await settled(started, 1)
    expect(seen.handled).toEqual([1, 2, 3, 4, 5])
    expect(seen.most).toBe(1)
  })

  test('waits for one that is retried, and what is published meanwhile comes after it', async () => {
    let again = false
    const { started, seen } = await serial((n, attempt) => again && n === 2 && attempt < 3)
    again = true
    await started.app.admin.replay('s', {})
    await eventually(() => seen.handled.length === 1)
    await started.app.publish(Ordered, { key: 'c', n: 6 })
    await settled(started, 1)
    expect(seen.handled).toEqual([1, 2, 3, 4, 5, 6])
    expect(seen.most).toBe(1)
  })
})

test('an application starts although an operator rewinds between its lease and its first delivery', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const operator = await start({ path, contracts: [Noted] })
  let rewinds = 0
  const inner = sqlite(path, { synchronous: 'normal' })
  const rewound: StoreEngine = {
    engine: 'sqlite',
    async open(environment) {
      const engine = await inner.open(environment)
      const { log } = engine
      const subscribe: typeof log.subscribe = async (subscription, receive) => {
        if (rewinds++ < 2) await operator.app.admin.rewind('s', 'beginning')
        return log.subscribe(subscription, receive)
      }
      return {
        store: engine.store,
        log: { capabilities: log.capabilities, publish: (e) => log.publish(e), close: () => log.close(), subscribe },
      }
    },
  }
  const handled: number[] = []
  const s = service('s').on(Noted, ({ data }) => void handled.push(data.n))
  const app = millrace({ store: rewound, services: [s], blockedAfterMs: 0 })
  onTestFinished(() => app.stop())
  await app.start()
  await app.publish(Noted, { n: 1 })
  await app.idle()
  expect(handled).toEqual([1])
  expect(rewinds).toBe(3)
})
