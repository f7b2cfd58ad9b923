import { join } from 'node:path'
import { message } from 'millrace'
import { expect, test } from 'vitest'
import { Changed, type Numbered, Ordered } from '../app/contracts.ts'
import { start } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'
import { startWorker } from './processes.ts'
import { counters } from './worker.ts'

/** Numbers from 0 to below `below`, the same ones for a seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    // Knuth, The Art of Computer Programming, volume 2: a linear congruential generator, of which the high bits are used.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const events = 150
const kills = 3

test.each([1, 2, 3])('seed %i: killed again and again, nothing is lost and no effect is there twice', async (seed) => {
  const path = join(temporaryFolder(), 'store.db')
  const sent: Numbered[] = Array.from({ length: events }, (_, n) => ({ key: `k${n % 4}`, n }))
  const before = await start({ path, contracts: [Ordered] })
  await before.app.sql([{ text: 'CREATE TABLE handled (service TEXT, n INTEGER)', parameters: [] }])
  await before.app.publishAll(sent.map((data) => message(Ordered, data)))
  await before.app.stop()

  const random = numbers(seed)
  for (let kill = 0; kill < kills; kill++) {
    const worker = startWorker(path, { role: 'pipeline', events })
    const done = worker.gone.then(() => worker.lines.includes('done'))
    const told = worker.told('first', 1 + random(events / kills)).then(() => false)
    if (await Promise.race([done, told])) break
    await worker.kill()
  }
  const last = startWorker(path, { role: 'pipeline', events })
  expect(await last.gone).toEqual({ code: 0, signal: null })
  expect(last.lines).toContain('done')

  const after = await start({ path, contracts: [Ordered, Changed] })
  const all = sent.map(({ n }) => n)
  for (const name of ['first', 'second']) {
    const rows = await after.app.query('SELECT n FROM handled WHERE service = ? ORDER BY n', name)
    expect(rows.map(({ n }) => n)).toEqual(all)
    for (const key of ['k0', 'k1', 'k2', 'k3']) {
      const sum = sent.filter((data) => data.key === key).reduce((total, { n }) => total + n, 0)
      expect(await after.app.documents.get(counters, `${name} ${key}`)).toEqual({ n: sum })
    }
  }
  const { records } = await after.store.readLog({ after: 0, topics: [Changed.topic], limit: 10 * events })
  expect(records.map(({ event }) => JSON.parse(event.data!).n).sort((a, b) => a - b)).toEqual(all)
  expect((await after.app.inspect()).subscriptions).toMatchObject([
    { settled: { handled: events }, dead: 0, parked: 0, waiting: 0, lag: 0 },
    { settled: { handled: events }, dead: 0, parked: 0, waiting: 0, lag: 0 },
  ])
})

test('a publisher that is killed: what was told as durable is there, and all can be published again without a double', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const publisher = startWorker(path, { role: 'publisher', events: 100_000 })
  await publisher.told('durable', 500)
  await publisher.kill()
  const durable = publisher.lines.filter((line) => line.startsWith('durable ')).map((line) => Number(line.slice(8)))

  const { app, store } = await start({ path, contracts: [Ordered] })
  const publish = (n: number) => app.publish(Ordered, { key: `k${n % 3}`, n }, { id: `chosen-${n}` })
  const count = Math.max(...durable) + 100
  const again = await Promise.all(Array.from({ length: count }, (_, n) => publish(n)))
  for (const n of durable) expect(again[n]).toMatchObject({ duplicate: true })
  const { records } = await store.readLog({ after: 0, limit: 1_000_000 })
  const ids = new Set(records.map(({ event }) => event.id))
  expect(ids.size).toBe(records.length)
  for (let n = 0; n < count; n++) expect(ids.has(`chosen-${n}`)).toBe(true)
})
