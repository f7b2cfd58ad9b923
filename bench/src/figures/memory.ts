import type { Context, Curve, Group, Measurement, Sample, Settings } from '../measurement.ts'
import { OrderPlaced, order } from '../order.ts'
import { slope } from '../run/statistics.ts'
import { openIn } from '../work/bare.ts'
import { tidy } from '../work/clock.ts'
import { counted, ordersService } from '../work/handle.ts'
import { start } from '../work/store.ts'

const tenMillion = 10_000_000
const inFlight = 1_000
const sampledTimes = 200
const mebibyte = 2 ** 20

/** A million, of the default size. */
const countOf = ({ events, large }: Settings): number => (large ? tenMillion : events * 5)

/** Looks at the memory of the process as work goes on. */
function watchMemory(count: number, progress: (text: string) => void) {
  const resident: (readonly [number, number])[] = []
  const heap: (readonly [number, number])[] = []
  const interval = Math.ceil(count / sampledTimes)
  return {
    /** Called with the number of events done. */
    at(done: number): void {
      if (done % interval !== 0) return
      const { rss, heapUsed } = process.memoryUsage()
      resident.push([done / 1e6, rss / mebibyte])
      heap.push([done / 1e6, heapUsed / mebibyte])
      if (done % (interval * 10) === 0) progress(`${done.toLocaleString('en')} of ${count.toLocaleString('en')} events`)
    },
    sample(): Sample {
      tidy()
      const { rss, heapUsed } = process.memoryUsage()
      const curves: readonly Curve[] = [
        { name: 'resident memory', points: resident },
        { name: 'heap in use', points: heap },
      ]
      const later = resident.slice(resident.length >> 1)
      return {
        values: {
          residentMiB: rss / mebibyte,
          peakMiB: Math.max(...resident.map(([, size]) => size)),
          heapMiB: heapUsed / mebibyte,
          growthMiB: slope(later),
        },
        curves,
      }
    },
  }
}

async function publishAndHandle(context: Context): Promise<Sample> {
  const count = countOf(context)
  const memory = watchMemory(count, context.progress)
  const counter = counted(count)
  let handled = 0
  const handledOne = {
    ...counter,
    handled: () => {
      counter.handled()
      memory.at(++handled)
    },
  }
  await using app = await start(context, { services: [ordersService('orders', 'keyed', 'document', handledOne)] })
  let next = 0
  const publisher = async (): Promise<void> => {
    while (next < count) await app.publish(OrderPlaced, order(next++))
  }
  await Promise.all(Array.from({ length: inFlight }, publisher))
  await counter.all
  await app.idle()
  return memory.sample()
}

/** Rows inserted, 1,000 a transaction, and read again: what Node.js and SQLite take by themselves. */
async function insertBare(context: Context): Promise<Sample> {
  const count = countOf(context)
  const memory = watchMemory(count, context.progress)
  using database = openIn(context, 'bare')
  database.exec('CREATE TABLE log (position INTEGER PRIMARY KEY, data TEXT) STRICT')
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')]
  const insert = database.prepare('INSERT INTO log (data) VALUES (?)')
  const page = database.prepare('SELECT position, data FROM log WHERE position > ? ORDER BY position')
  for (let first = 0; first < count; first += inFlight) {
    begin.run()
    for (let number = first; number < first + inFlight; number++) insert.run(JSON.stringify(order(number)))
    commit.run()
    let done = first
    for (const row of page.all(first)) {
      JSON.parse(String(row.data))
      memory.at(++done)
    }
    // As an application would, others get their turn.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return memory.sample()
}

const measurements: readonly Measurement[] = [
  { name: 'bare', title: 'bare `node:sqlite`, inserted and read', raw: true, measure: insertBare },
  { name: 'millrace', title: 'published and handled at once', measure: publishAndHandle },
]

export const memory: Group = {
  name: 'memory',
  title: 'Memory',
  about: `One process publishes (1,000 in flight) and handles (keyed, a document each) five times the base size of events; with \`--large\` ten
million. Memory is looked at ${sampledTimes} times. Growth is the slope of the resident memory over the second half.`,
  metrics: [
    { name: 'residentMiB', title: 'resident at the end, MiB', unit: 'MiB' },
    { name: 'peakMiB', title: 'resident at most, MiB', unit: 'MiB', worst: true },
    { name: 'heapMiB', title: 'heap at the end, MiB', unit: 'MiB' },
    { name: 'growthMiB', title: 'growth a million events, MiB', unit: 'MiB' },
  ],
  measurements: () => measurements,
  plots: [
    {
      name: 'memory',
      title: 'Memory while events are published and handled',
      x: { title: 'events published and handled, millions' },
      y: { title: 'memory, MiB' },
      alt: 'Resident memory and heap in MiB over the number of events, for Millrace and for bare node:sqlite',
    },
  ],
  maxRuns: 1,
}
