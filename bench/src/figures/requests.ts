import { type Application, defineQuery, service } from 'millrace'
import { z } from 'zod'
import type { Context, Group, Measurement, Prepared, Sample } from '../measurement.ts'
import { distribution } from '../run/statistics.ts'
import { atOnce, type BareRow, bareLog, createBare } from '../work/bare.ts'
import { rate } from '../work/clock.ts'
import { start } from '../work/store.ts'

const FindTotal = defineQuery('bench.total.find', {
  schema: z.object({ orderId: z.string() }),
  reply: z.object({ orderId: z.string(), total: z.int() }),
})

const answering = service('totals', { dispatch: 'concurrent' }).answer(FindTotal, ({ data }) => ({
  orderId: data.orderId,
  total: data.orderId.length,
}))

/** A request is two events and two reads, so fewer of them. */
const countOf = ({ events }: { readonly events: number }): number => events / 4

/** @returns how long each took, in milliseconds */
async function request(app: Application, count: number, inFlight: number): Promise<Float64Array> {
  const latencies = new Float64Array(count)
  let next = 0
  const asker = async (): Promise<void> => {
    while (next < count) {
      const number = next++
      const beganMs = performance.now()
      await app.request(FindTotal, { orderId: `order-${number}` })
      latencies[number] = performance.now() - beganMs
    }
  }
  await Promise.all(Array.from({ length: inFlight }, asker))
  return latencies
}

const requesting =
  (inFlight: number, shareOfCount = 1) =>
  async (context: Context): Promise<Sample> => {
    const count = Math.ceil(countOf(context) * shareOfCount)
    {
      await using app = await start(context, { name: 'warm', services: [answering] })
      await request(app, Math.min(count, countOf({ events: context.warmUp })), inFlight)
    }
    await using app = await start(context, { services: [answering] })
    let latencies: Float64Array = new Float64Array(0)
    const perSecond = await rate(count, async () => {
      latencies = await request(app, count, inFlight)
    })
    return { values: { perSecond, ...distribution(latencies) } }
  }

const requests: Prepared = {
  name: 'requests',
  async make(context) {
    await using app = await start(context, { services: [answering] })
    await request(app, countOf(context), 1_000)
  },
}

/** The same rows without Millrace: 1,000 requests inserted, read and parsed, then their replies likewise. */
async function requestBare(context: Context): Promise<Sample> {
  const table = bareLog(context)
  const { insert, rows } = table
  const kindAt = 1
  const kinds = [...new Set(rows.map((row) => row[kindAt]))]
  const [asked, answered] = kinds.map((kind) => rows.filter((row) => row[kindAt] === kind)) as [BareRow[], BareRow[]]
  using database = createBare(context, 'bare', table)
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')]
  const one = database.prepare(insert)
  const page = database.prepare('SELECT position, id, data FROM millrace_event WHERE position > ? ORDER BY position')
  let position = 0
  const exchange = (some: readonly BareRow[]): void => {
    const before = position
    begin.run()
    for (const [, ...row] of some) one.run(++position, ...row)
    commit.run()
    for (const row of page.all(before)) JSON.parse(String(row.data))
  }
  const work = (count: number): void => {
    for (let first = 0; first < count; first += atOnce) {
      exchange(asked.slice(first, Math.min(count, first + atOnce)))
      exchange(answered.slice(first, Math.min(count, first + atOnce)))
    }
  }
  work(countOf({ events: context.warmUp }))
  return { values: { perSecond: await rate(asked.length, () => work(asked.length)) } }
}

const measurements: readonly Measurement[] = [
  {
    name: 'bare',
    title: 'bare `node:sqlite`: both events inserted, read and parsed',
    raw: true,
    prepare: requests,
    measure: requestBare,
  },
  { name: 'thousand', title: '1,000 in flight', against: 'bare', measure: requesting(1_000) },
  { name: 'ten', title: '10 in flight', against: 'bare', measure: requesting(10, 0.2) },
  { name: 'one', title: 'one after the other', measure: requesting(1, 0.02) },
]

export const requestReply: Group = {
  name: 'requests',
  title: 'Request and reply',
  about: `Requests answered a second, by a service of the same process. Both the request and the reply are durable events. The bare limit
inserts 1,000 request rows, reads and parses them, and does the same with their replies.`,
  metrics: [
    { name: 'perSecond', title: 'requests/s', unit: 'per second', compared: 'share' },
    { name: 'p50Ms', title: 'p50, ms', unit: 'ms' },
    { name: 'p99Ms', title: 'p99, ms', unit: 'ms' },
    { name: 'maxMs', title: 'max, ms', unit: 'ms', worst: true },
  ],
  measurements: () => measurements,
}
