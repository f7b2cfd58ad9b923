import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { sharedMs } from '../crew/shared-clock.ts'
import type { Context, Group, Measurement, Sample, Settings } from '../measurement.ts'
import { orders } from '../order.ts'
import { percentile } from '../run/statistics.ts'
import { counted, ordersService, servicesFor, warmUpHandling } from '../work/handle.ts'
import { type Publish, publishBatches, publishSingly } from '../work/publish.ts'
import { backlog, start } from '../work/store.ts'

const idleMs = 2_000
const manySubscriptions = 20

/** A thread that says every millisecond when it is, as a connection would bring a request. */
const caller = `
const { parentPort } = require('node:worker_threads')
const pause = new Int32Array(new SharedArrayBuffer(4))
for (;;) {
  parentPort.postMessage(Number(process.hrtime.bigint()) / 1e6)
  Atomics.wait(pause, 0, 0, 1)
}`

/** Runs `work` and measures how long the event loop keeps others waiting meanwhile. */
async function delays(work: () => Promise<unknown>): Promise<Sample> {
  const waits: number[] = []
  const thread = new Worker(caller, { eval: true })
  await new Promise((resolve) => thread.once('message', resolve))
  thread.on('message', (sentMs: number) => waits.push(sharedMs() - sentMs))
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  await work()
  histogram.disable()
  await thread.terminate()
  return {
    values: {
      timerP50Ms: histogram.percentile(50) / 1e6,
      timerP99Ms: histogram.percentile(99) / 1e6,
      timerMaxMs: histogram.max / 1e6,
      waitP99Ms: percentile(waits, 0.99),
      waitMaxMs: percentile(waits, 1),
    },
  }
}

const publishing =
  (publish: Publish) =>
  async (context: Context): Promise<Sample> => {
    await using app = await start(context)
    await publish(app, orders(context.warmUp))
    const data = orders(context.events)
    return await delays(() => publish(app, data))
  }

const handling =
  (subscriptions: number, share: number) =>
  async (context: Context): Promise<Sample> => {
    const how = { dispatch: 'keyed', effect: 'document', subscriptions } as const
    await warmUpHandling(context, how)
    const counter = counted(context.events * share * subscriptions)
    await using app = await start(context, { services: servicesFor(how, counter) })
    return await delays(async () => {
      await counter.all
      await app.idle()
    })
  }

async function publishingAndHandling(context: Context): Promise<Sample> {
  const counter = counted(context.events + context.warmUp)
  await using app = await start(context, { services: [ordersService('orders', 'keyed', 'document', counter)] })
  await publishSingly(app, orders(context.warmUp))
  const data = orders(context.events)
  return await delays(async () => {
    await publishSingly(app, data)
    await counter.all
  })
}

const measurements = ({ events }: Settings): readonly Measurement[] => [
  { name: 'idle', title: 'nothing to do', raw: true, measure: () => delays(() => sleep(idleMs)) },
  { name: 'single', title: 'publishing, single calls, 1,000 in flight', measure: publishing(publishSingly) },
  { name: 'batches', title: 'publishing, batches of 1,000', measure: publishing(publishBatches) },
  { name: 'handle', title: 'handling, keyed, a document each', prepare: backlog(), measure: handling(1, 1) },
  {
    name: 'twenty',
    title: `the same with ${manySubscriptions} subscriptions`,
    // Each event is twenty deliveries.
    prepare: backlog(events / 4),
    measure: handling(manySubscriptions, 1 / 4),
  },
  { name: 'both', title: 'publishing single calls and handling at once', measure: publishingAndHandling },
]

export const loop: Group = {
  name: 'loop',
  title: 'Event loop under full load',
  about: `How long other work of the process waits while Millrace does as much as it can. The first columns are what
\`perf_hooks.monitorEventLoopDelay({ resolution: 1 })\` gives: the time between two calls of a timer of 1 ms, that millisecond
included. The others are stricter: another thread sends a message every millisecond, and the time counts until its callback runs, so a long
block counts as often as it is long.`,
  metrics: [
    { name: 'timerP50Ms', title: 'timer p50, ms', unit: 'ms' },
    { name: 'timerP99Ms', title: 'timer p99, ms', unit: 'ms' },
    { name: 'timerMaxMs', title: 'timer max, ms', unit: 'ms', worst: true },
    { name: 'waitP99Ms', title: 'message p99, ms', unit: 'ms' },
    { name: 'waitMaxMs', title: 'message max, ms', unit: 'ms', worst: true },
  ],
  measurements,
  wanted: ['single', 'batches', 'handle', 'twenty', 'both'].map((measurement) => ({
    measurement,
    metric: 'timerP99Ms',
    atMost: 20,
  })),
}
