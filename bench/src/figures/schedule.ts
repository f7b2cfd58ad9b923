import { join } from 'node:path'
import { type Application, message, millrace, service } from 'millrace'
import type { Context, Group, Measurement, Prepared, Sample, Settings } from '../measurement.ts'
import { OrderPlaced, order } from '../order.ts'
import { distribution } from '../run/statistics.ts'
import { atOnce, type BareRow, bareTable, createBare, insertRate, insertRows } from '../work/bare.ts'
import { rate, tidy, wallMs } from '../work/clock.ts'
import { counted } from '../work/handle.ts'
import { publishAll, start } from '../work/store.ts'

/** How many come due in a second. */
const dueRate = 20_000
const yearMs = 365 * 24 * 3_600_000

/** A million, of the default size. */
const countOf = ({ events }: Pick<Settings, 'events'>): number => events * 5

/** Messages that are due one after the other, from a time on. */
function set(app: Application, count: number, fromMs: number, progress?: (text: string) => void): Promise<void> {
  return publishAll(
    app,
    count,
    (number) => message(OrderPlaced, order(number), { at: dueAt(number, fromMs) }),
    progress,
  )
}

const dueAt = (number: number, fromMs: number): Date => new Date(fromMs + Math.floor((number / dueRate) * 1_000))

/** An application that does not deliver, so that nothing fires. */
const startQuiet = (context: Context, name = 'store'): Promise<Application> =>
  millrace({ store: context.store(name) }).start({ deliver: false })

async function setMany(context: Context): Promise<Sample> {
  const setRate = async (name: string, count: number): Promise<number> => {
    await using app = await startQuiet(context, name)
    return await rate(count, () => set(app, count, Date.now() + yearMs, context.progress))
  }
  await setRate('warm', context.warmUp)
  return { values: { perSecond: await setRate('store', countOf(context)) } }
}

const timers: Prepared = {
  name: 'timers',
  async make(context) {
    await using app = await startQuiet(context)
    await set(app, context.events, Date.now() - yearMs, context.progress)
  },
}

const bareTimers = ({ folder }: Context) => bareTable(join(folder, 'store.db'), 'millrace_timer', 'id')

async function setBare(context: Context): Promise<Sample> {
  return { values: { perSecond: await insertRate(context, bareTimers(context), atOnce) } }
}

/** All are set first; then they come due at a steady rate, and the time counts from when one was due to when it is handled. */
async function fireOnTime(context: Context): Promise<Sample> {
  const count = countOf(context)
  const lateness = new Float64Array(count)
  const counter = counted(count)
  let fromMs = 0
  const watching = service('watch').on(OrderPlaced, ({ data }) => {
    lateness[data.total] = wallMs() - dueAt(data.total, fromMs).getTime()
    counter.handled()
  })
  {
    // How long it takes to set them is not known before, so some are set to find out.
    await using scratch = await startQuiet(context, 'warm')
    const probed = await rate(context.warmUp, () => set(scratch, context.warmUp, Date.now() + yearMs))
    await using app = await startQuiet(context)
    fromMs = Math.ceil(Date.now() + (count / probed) * 1_500 + 2_000)
    await set(app, count, fromMs, context.progress)
    if (Date.now() > fromMs) throw new Error('The messages took longer to be set than was planned: run it again')
  }
  await using app = await start(context, { services: [watching] })
  tidy()
  await counter.all
  await app.idle()
  return { values: { ...distribution(lateness), perSecond: dueRate } }
}

/** All are due already when the application starts. */
async function fireAll(context: Context): Promise<Sample> {
  const counter = counted(context.events)
  const watching = service('watch').on(OrderPlaced, () => counter.handled())
  tidy()
  const beganMs = performance.now()
  await using app = await start(context, { services: [watching] })
  await counter.all
  await app.idle()
  return { values: { perSecond: (context.events / (performance.now() - beganMs)) * 1_000 } }
}

/** Timers moved to a log without Millrace: 500 rows are deleted, and inserted into another table, in one transaction. */
async function fireBare(context: Context): Promise<Sample> {
  const table = bareTimers(context)
  using database = createBare(context, 'bare', table)
  insertRows(database, table.insert, table.rows, atOnce)
  database.exec('CREATE TABLE log (position INTEGER PRIMARY KEY, id TEXT, time INTEGER, key TEXT, data TEXT) STRICT')
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')]
  const due = database.prepare('SELECT id, due, key, data FROM millrace_timer WHERE due <= ? ORDER BY due LIMIT 500')
  due.setReturnArrays(true)
  const remove = database.prepare('DELETE FROM millrace_timer WHERE id = ?')
  const append = database.prepare('INSERT INTO log (id, time, key, data) VALUES (?, ?, ?, ?)')
  const fire = (): void => {
    for (;;) {
      const rows = due.all(Date.now()) as unknown as readonly BareRow[]
      if (rows.length === 0) return
      begin.run()
      for (const row of rows) {
        remove.run(row[0]!)
        append.run(...row)
      }
      commit.run()
    }
  }
  return { values: { perSecond: await rate(table.rows.length, fire) } }
}

const measurements: readonly Measurement[] = [
  {
    name: 'bare',
    title: 'bare `node:sqlite`: the rows of the timers inserted',
    raw: true,
    prepare: timers,
    measure: setBare,
  },
  { name: 'set', title: 'set, batches of 1,000', against: 'bare', measure: setMany },
  {
    name: 'bare-fired',
    title: 'bare `node:sqlite`: rows moved to a log',
    raw: true,
    prepare: timers,
    measure: fireBare,
  },
  {
    name: 'fired',
    title: 'fired and handled, all due at once',
    against: 'bare-fired',
    prepare: timers,
    measure: fireAll,
  },
  { name: 'on-time', title: 'fired and handled on time', measure: fireOnTime },
]

export const schedule: Group = {
  name: 'schedule',
  title: 'Scheduled messages',
  about: `Messages set for a later time, five times the base size of them. On time: they come due at ${dueRate.toLocaleString('en')} a
second, and lateness counts from when one was due until its handler was called, with the event durable by then. All due at
once: as many as the base size, from the start of the application until all are settled. The bare limits insert the same rows, and
move them to another table, 500 a transaction.`,
  metrics: [
    { name: 'perSecond', title: 'messages/s', unit: 'per second', compared: 'share' },
    { name: 'p50Ms', title: 'late p50, ms', unit: 'ms' },
    { name: 'p99Ms', title: 'late p99, ms', unit: 'ms' },
    { name: 'maxMs', title: 'late max, ms', unit: 'ms', worst: true },
  ],
  measurements: () => measurements,
  maxRuns: 1,
}
