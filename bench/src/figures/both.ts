import type { Context, Group, Measurement, Sample } from '../measurement.ts'
import { orders } from '../order.ts'
import { atOnce, bareLog, createBare } from '../work/bare.ts'
import { tidy } from '../work/clock.ts'
import { counted, ordersService } from '../work/handle.ts'
import { type Publish, publishBatches, publishSingly } from '../work/publish.ts'
import { backlog, start } from '../work/store.ts'

/** Publishes and handles in one process; counts until all are settled. */
async function publishAndHandle(context: Context, publish: Publish, name: string, count: number): Promise<Sample> {
  const counter = counted(count)
  const services = [ordersService('orders', 'keyed', 'document', counter)]
  await using app = await start(context, { name, services })
  const data = orders(count)
  tidy()
  const beganMs = performance.now()
  await publish(app, data)
  const publishedMs = performance.now()
  await counter.all
  await app.idle()
  const perSecond = (endMs: number): number => (count / (endMs - beganMs)) * 1_000
  return { values: { perSecond: perSecond(performance.now()), publishedPerSecond: perSecond(publishedMs) } }
}

const doing =
  (publish: Publish) =>
  async (context: Context): Promise<Sample> => {
    await publishAndHandle(context, publish, 'warm', context.warmUp)
    return publishAndHandle(context, publish, 'store', context.events)
  }

/** The same without Millrace: 1,000 rows are inserted, read back and parsed, and their documents put, in two transactions. */
async function bothBare(context: Context): Promise<Sample> {
  const table = bareLog(context)
  const { insert, rows } = table
  const work = (name: string, count: number): number => {
    using database = createBare(context, name, table)
    database.exec(`CREATE TABLE document (key TEXT PRIMARY KEY, value TEXT) STRICT, WITHOUT ROWID;
      CREATE TABLE place (position INTEGER); INSERT INTO place VALUES (0)`)
    const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')]
    const append = database.prepare(insert)
    const page = database.prepare('SELECT position, id, data FROM millrace_event WHERE position > ? ORDER BY position')
    const put = database.prepare('INSERT INTO document VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value')
    const move = database.prepare('UPDATE place SET position = ?')
    tidy()
    const beganMs = performance.now()
    for (let first = 0; first < count; first += atOnce) {
      begin.run()
      for (let index = first; index < first + atOnce; index++) append.run(...rows[index]!)
      commit.run()
      begin.run()
      for (const row of page.all(first)) {
        const { customer, total } = JSON.parse(String(row.data))
        put.run(customer, JSON.stringify({ total }))
      }
      move.run(first + atOnce)
      commit.run()
    }
    return (count / (performance.now() - beganMs)) * 1_000
  }
  work('warm', context.warmUp)
  return { values: { perSecond: work('bare', context.events) } }
}

const measurements: readonly Measurement[] = [
  {
    name: 'bare',
    title: 'bare `node:sqlite`: insert, select, `JSON.parse`, put',
    raw: true,
    prepare: backlog(),
    measure: bothBare,
  },
  { name: 'single', title: 'single calls, 1,000 in flight', against: 'bare', measure: doing(publishSingly) },
  { name: 'batches', title: 'batches of 1,000', against: 'bare', measure: doing(publishBatches) },
]

export const both: Group = {
  name: 'both',
  title: 'Publishing and handling at once',
  about: `One process publishes and handles (keyed, a document each). The first column counts until all events are settled, the second
one until all are published. The bare limit does it in turns: a transaction of 1,000 inserts, a page read and parsed, a transaction of
1,000 documents and the reader's place.`,
  metrics: [
    { name: 'perSecond', title: 'published and handled/s', unit: 'per second', compared: 'share' },
    { name: 'publishedPerSecond', title: 'published/s', unit: 'per second' },
  ],
  measurements: () => measurements,
}
