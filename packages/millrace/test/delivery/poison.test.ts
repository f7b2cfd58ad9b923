import { join } from 'node:path'
import { message } from 'millrace'
import { describe, expect, test } from 'vitest'
import { Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'
import { startWorker } from './processes.ts'
import type { Role } from './worker.ts'

const events = 12

async function storeWithEvents(): Promise<string> {
  const path = join(temporaryFolder(), 'store.db')
  const { app } = await start({ path, contracts: [Ordered] })
  await app.sql([{ text: 'CREATE TABLE handled (service TEXT, n INTEGER)', parameters: [] }])
  const keys = Array.from({ length: events }, (_, n) => ({ key: `k${n % 3}`, n }))
  await app.publishAll(keys.map((data) => message(Ordered, data)))
  await app.stop()
  return path
}

async function outcome(path: string, subscription = 'poisoned') {
  const { app, store } = await start({ path })
  const rows = await app.query('SELECT n FROM handled ORDER BY n')
  const dead = await store.readKept({ subscription, state: 'dead', limit: 100 })
  const [state] = (await app.inspect()).subscriptions
  return { handled: rows.map(({ n }) => n), dead, state }
}

const all = Array.from({ length: events }, (_, n) => n)

describe('a message that kills the process', () => {
  test.each([
    ['exit', 'serial'],
    ['SIGKILL', 'keyed'],
  ] as const)(
    'by %s, in %s dispatch: is dead-lettered after some deaths, its neighbours are handled once',
    async (by, dispatch) => {
      const path = await storeWithEvents()
      const poison = 5
      let deaths = 0
      for (; deaths < 10; deaths++) {
        const worker = startWorker(path, { role: 'poisoned', poison, by, dispatch })
        const exit = await worker.gone
        if (exit.code === 0) break
        expect(exit).toEqual(by === 'exit' ? { code: 1, signal: null } : { code: null, signal: 'SIGKILL' })
      }
      // One that nobody could foresee, then three that were laid to it.
      expect(deaths).toBe(4)
      const { handled, dead, state } = await outcome(path)
      expect(handled).toEqual(all.filter((n) => n !== poison))
      expect(dead).toMatchObject([
        { position: poison + 1, reason: 'poison', deaths: 3, attempts: 0, history: [{ code: 'DELIVERY_POISONOUS' }] },
      ])
      expect(state).toMatchObject({ lag: 0, parked: 0, waiting: 0, dead: 1, settled: { handled: events - 1 } })
    },
  )

  test('by never giving the thread back: the process reports it, kills itself if asked, and the message is isolated', async () => {
    const path = await storeWithEvents()
    const role: Role = { role: 'blocked', by: 5 }
    // On a machine that is busy itself, the process may be taken for blocked once more than it is.
    let deaths = 0
    let reported = 0
    for (; deaths < 10; deaths++) {
      const worker = startWorker(path, role)
      const exit = await worker.gone
      if (exit.code === 0) break
      expect(exit).toEqual({ code: null, signal: 'SIGKILL' })
      const errors = worker.errors.join('\n')
      if (/HANDLER_BLOCKED: The handler of 'blocked' has blocked .* at position 6/.test(errors)) reported++
    }
    expect(deaths).toBeLessThan(10)
    expect(reported).toBeGreaterThanOrEqual(3)
    const { handled, dead } = await outcome(path, 'blocked')
    expect(handled).toEqual(all.filter((n) => n !== 5))
    expect(dead).toMatchObject([{ position: 6, reason: 'poison' }])
  })

  test('a process that is killed from outside does not make poison of innocents', async () => {
    const path = await storeWithEvents()
    const role: Role = { role: 'poisoned', poison: -1, by: 'exit', dispatch: 'keyed' }
    for (const after of [1, 3, 5, 4]) {
      const worker = startWorker(path, role)
      await Promise.race([worker.told('begun', after), worker.gone])
      await worker.kill()
    }
    const last = startWorker(path, role)
    expect(await last.gone).toEqual({ code: 0, signal: null })
    const { handled, dead, state } = await outcome(path)
    expect(handled).toEqual(all)
    expect(dead).toEqual([])
    expect(state).toMatchObject({ settled: { handled: events } })
  })
})
