import { service } from 'millrace'
import { crew } from '../crew/crew.ts'
import { sharedMs } from '../crew/shared-clock.ts'
import type { Context, Group, Measurement, Sample } from '../measurement.ts'
import { OrderPlaced, order, orders } from '../order.ts'
import { distribution } from '../run/statistics.ts'
import { bareLog, createBare } from '../work/bare.ts'
import { rate, tidy } from '../work/clock.ts'
import { counted, ordersService } from '../work/handle.ts'
import { atRate, every, failures } from '../work/pace.ts'
import { publishSingly } from '../work/publish.ts'
import { backlog, start } from '../work/store.ts'

const intervalMs = 5
/** Events that are published before those that count. */
const firstOnes = 200
const halfLoadSeconds = 3

/** A thousand in five seconds, of the default size. */
const countOf = ({ events }: Context): number => Math.max(200, Math.round(events / 200))

/** A row inserted in a transaction of its own, until it is synced. */
async function insertBare(context: Context): Promise<Sample> {
  const table = bareLog(context)
  using database = createBare(context, 'bare', table)
  const one = database.prepare(table.insert)
  const latencies: number[] = []
  const count = countOf(context)
  await every(intervalMs, firstOnes + count, (number) => {
    const beganMs = performance.now()
    one.run(...table.rows[number]!)
    latencies.push(performance.now() - beganMs)
  })
  return { values: distribution(latencies.slice(firstOnes)) }
}

/** From the call of `publish` until it resolves. */
async function untilDurable(context: Context): Promise<Sample> {
  await using app = await start(context)
  const latencies: number[] = []
  const { watch, assertNone } = failures()
  await every(intervalMs, firstOnes + countOf(context), (number) => {
    const beganMs = performance.now()
    watch(app.publish(OrderPlaced, order(number)).then(() => latencies.push(performance.now() - beganMs)))
  })
  assertNone()
  return { values: distribution(latencies.slice(firstOnes)) }
}

/** From the call of `publish` until the handler is called. */
async function untilHandled(context: Context): Promise<Sample> {
  const count = firstOnes + countOf(context)
  const latencies = new Float64Array(count)
  const began = new Float64Array(count)
  const counter = counted(count)
  const watching = service('watch').on(OrderPlaced, ({ data }) => {
    latencies[data.total] = performance.now() - began[data.total]!
    counter.handled()
  })
  await using app = await start(context, { services: [watching] })
  const { watch, assertNone } = failures()
  await every(intervalMs, count, (number) => {
    began[number] = performance.now()
    watch(app.publish(OrderPlaced, order(number)))
  })
  assertNone()
  await counter.all
  return { values: distribution(latencies.subarray(firstOnes)) }
}

/** The same with the publisher in another process. */
async function acrossProcesses(context: Context): Promise<Sample> {
  const count = firstOnes + countOf(context)
  const latencies: number[] = []
  const counter = counted(count)
  // The publisher puts the time at which it published into the event, in microseconds.
  const watching = service('watch').on(OrderPlaced, ({ data }) => {
    latencies.push(sharedMs() - data.total / 1_000)
    counter.handled()
  })
  await using app = await start(context, { services: [watching] })
  await crew(context, 'publishPaced', 1, count)
  await counter.all
  await app.idle()
  return { values: distribution(latencies.slice(firstOnes)) }
}

/** What one process publishes and handles at once, in events a second. */
async function fullLoad(context: Context): Promise<number> {
  const counter = counted(context.events)
  const services = [ordersService('full', 'keyed', 'acknowledgement', counter)]
  await using app = await start(context, { name: 'full', services })
  const data = orders(context.events)
  return await rate(data.length, async () => {
    await publishSingly(app, data)
    await counter.all
    await app.idle()
  })
}

async function atHalfLoad(context: Context): Promise<Sample> {
  const perSecond = (await fullLoad(context)) / 2
  const count = Math.round(perSecond * halfLoadSeconds)
  const latencies = new Float64Array(count)
  const due = new Float64Array(count)
  const counter = counted(count)
  const watching = service('watch').on(OrderPlaced, ({ data }) => {
    latencies[data.total] = performance.now() - due[data.total]!
    counter.handled()
  })
  await using app = await start(context, { services: [watching] })
  const { watch, assertNone } = failures()
  tidy()
  await atRate(perSecond, count, (number, dueMs) => {
    due[number] = dueMs
    watch(app.publish(OrderPlaced, order(number)))
  })
  assertNone()
  await counter.all
  return { values: { ...distribution(latencies), perSecond } }
}

const measurements: readonly Measurement[] = [
  {
    name: 'bare',
    title: 'bare insert of one row and its sync, every 5 ms',
    raw: true,
    prepare: backlog(),
    measure: insertBare,
  },
  { name: 'durable', title: 'publish until durable, every 5 ms', against: 'bare', measure: untilDurable },
  { name: 'handled', title: 'publish until handled, every 5 ms', against: 'bare', measure: untilHandled },
  {
    name: 'across',
    title: 'publish until handled in another process, every 5 ms',
    against: 'bare',
    measure: acrossProcesses,
  },
  { name: 'half', title: 'publish until handled, at half of full load', against: 'bare', measure: atHalfLoad },
]

export const latency: Group = {
  name: 'latency',
  title: 'Latency',
  about: `From the call of \`publish\` until the promise resolves or until the handler is called, whose event is durable by then. Events
come every 5 ms, whether the one before is done or not. For half of full load it is measured first what the process publishes and handles at
once, single calls with 1,000 in flight; then events come at half of that rate for ${halfLoadSeconds} seconds, and the time counts from
when an event was due, so that a blocked event loop counts as late.`,
  metrics: [
    { name: 'p50Ms', title: 'p50, ms', unit: 'ms', compared: 'multiple' },
    { name: 'p99Ms', title: 'p99, ms', unit: 'ms', compared: 'multiple' },
    { name: 'maxMs', title: 'max, ms', unit: 'ms', worst: true },
    { name: 'perSecond', title: 'events/s', unit: 'per second' },
  ],
  measurements: () => measurements,
}
