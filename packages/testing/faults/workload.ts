// One process of the workload: publishes numbered events and handles them, until all are settled. It may be killed anywhere.
import { defineEvent, fixed, millrace, service } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { passes } from './standard-schema.ts'

const [path, seedText, countText] = process.argv.slice(2)
const seed = Number(seedText)
const count = Number(countText)

const Placed = defineEvent('fault.placed', {
  schema: passes<{ number: number }>(),
  compatibility: 'none',
  topic: 'fault.orders',
  key: ({ number }) => `key-${number % 7}`,
})
const Done = defineEvent('fault.done', { schema: passes<{ number: number }>(), compatibility: 'none' })

/** Some events fail at their first attempts, the same ones in every run of a seed. */
const failures = (number: number): number => (((number * 2_654_435_761 + seed * 40_503) >>> 8) % 10 === 0 ? 2 : 0)

const worker = service('worker').on(
  Placed,
  async ({ data, partitionkey }, { publish, sql, attempt }) => {
    // Handlers that end at once and handlers that do not take different ways through a batch.
    if (data.number % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
    if (attempt <= failures(data.number)) throw new Error(`attempt ${attempt} of ${data.number} fails`)
    sql('INSERT INTO effect (number, key) VALUES (?, ?)', data.number, partitionkey!)
    publish(Done, { number: data.number })
  },
  { retry: fixed({ attempts: 5, delayMs: 5 }) },
)
const auditor = service('auditor', { dispatch: 'serial' }).on(Done, ({ data }, { sql }) => {
  sql('INSERT INTO audited (number) VALUES (?)', data.number)
})

const app = await millrace({ store: sqlite(path!), services: [worker, auditor] }).start()
await app.sql([
  {
    text: 'CREATE TABLE IF NOT EXISTS effect (sequence INTEGER PRIMARY KEY, number INTEGER, key TEXT)',
    parameters: [],
  },
  { text: 'CREATE TABLE IF NOT EXISTS audited (sequence INTEGER PRIMARY KEY, number INTEGER)', parameters: [] },
])
// The parent passes what was acknowledged before; chosen ids make a publish that was not acknowledged safe to repeat.
const inFlight: Promise<unknown>[] = []
for (let number = 0; number < count; number++) {
  const published = app.publish(Placed, { number }, { id: `event-${number}` }).then(() => {
    process.stdout.write(`${number}\n`)
  })
  inFlight.push(published)
  if (inFlight.length === 20) await Promise.all(inFlight.splice(0))
}
await Promise.all(inFlight)
for (;;) {
  await app.idle()
  const { subscriptions } = await app.inspect()
  if (subscriptions.every(({ lag, parked, waiting }) => lag + parked + waiting === 0)) break
  await new Promise((resolve) => setTimeout(resolve, 5))
}
await app.stop()
process.stdout.write('finished\n')
