import { service } from 'millrace'
import { crewUntilKilled } from '../crew/crew.ts'
import type { Context, Group, Measurement, Prepared, Sample, Settings } from '../measurement.ts'
import { OrderPlaced, order } from '../order.ts'
import { openIn } from '../work/bare.ts'
import { orderMessage, publishAll, start } from '../work/store.ts'

const tenMillion = 10_000_000

/** 10,000, 100,000 and a million, of the default size. */
const sizesOf = ({ events, large }: Settings): readonly number[] => [
  events / 20,
  events / 2,
  events * 5,
  ...(large ? [tenMillion] : []),
]

/** A store with so many events, all of them settled by a service. */
const settled = (size: number): Prepared => ({
  name: `settled-${size}`,
  copied: false,
  async make(context) {
    {
      await using app = await start(context)
      await publishAll(app, size, orderMessage, context.progress)
    }
    await using app = await start(context, { services: [service('orders', { from: 'now' }).on(OrderPlaced, () => {})] })
    await app.idle()
  },
})

/** Until the application has started, and until an event that is published then is handled. */
async function startSettled(context: Context): Promise<Sample> {
  const handled = Promise.withResolvers<void>()
  const orders = service('orders').on(OrderPlaced, () => handled.resolve())
  const beganMs = performance.now()
  await using app = await start(context, { services: [orders] })
  const startedMs = performance.now()
  await app.publish(OrderPlaced, order(0))
  await handled.promise
  return { values: { startMs: startedMs - beganMs, firstMs: performance.now() - beganMs } }
}

/** With a service that the store has not seen, which has all events before it. */
async function startBehind(context: Context): Promise<Sample> {
  const handled = Promise.withResolvers<void>()
  const orders = service(`behind-${process.pid}`).on(OrderPlaced, () => handled.resolve())
  const beganMs = performance.now()
  await using app = await start(context, { services: [orders] })
  const startedMs = performance.now()
  await handled.promise
  const firstMs = performance.now()
  // The store is left as it was found.
  await app.unsubscribe(orders.name)
  await app.admin.remove(orders.name)
  return { values: { startMs: startedMs - beganMs, firstMs: firstMs - beganMs } }
}

/** After the process that published and handled was killed: the write-ahead log is read, and the dead one's lease taken. */
async function startAfterKill(context: Context): Promise<Sample> {
  await crewUntilKilled(context, 'publishAndHandleUntilKilled', context.events)
  return startSettled(context)
}

async function startBare(context: Context): Promise<Sample> {
  const beganMs = performance.now()
  using database = openIn(context, 'store')
  database.prepare('SELECT max(position) FROM millrace_event').get()
  return { values: { startMs: performance.now() - beganMs } }
}

const big = (size: number): string => size.toLocaleString('en')

const measurements = (settings: Settings): readonly Measurement[] => {
  const sizes = sizesOf(settings)
  const largest = sizes.at(-1)!
  return [
    {
      name: 'bare',
      title: `bare open and the newest position, ${big(largest)} events`,
      raw: true,
      prepare: settled(largest),
      measure: startBare,
    },
    ...sizes.map((size) => ({
      name: `settled-${size}`,
      title: `${big(size)} events, all settled`,
      x: size,
      against: 'bare',
      prepare: settled(size),
      measure: startSettled,
    })),
    {
      name: 'behind',
      title: `${big(largest)} events, all before a new service`,
      prepare: settled(largest),
      measure: startBehind,
    },
    { name: 'killed', title: 'after SIGKILL under full load', measure: startAfterKill },
  ]
}

export const startUp: Group = {
  name: 'start',
  title: 'Start-up',
  about: `From the call of \`start()\` until it resolves, and until the first event is handled: one that is published then, or with a new service the
oldest one. The process runs already and the file is in the cache of the operating system.`,
  metrics: [
    { name: 'startMs', title: 'started, ms', unit: 'ms' },
    { name: 'firstMs', title: 'first event handled, ms', unit: 'ms' },
  ],
  measurements,
  plots: [
    {
      name: 'start',
      title: 'Start-up time over the size of the store',
      x: { title: 'events in the store', logarithmic: true },
      y: { title: 'time, ms' },
      lines: [
        { metric: 'startMs', name: 'started' },
        { metric: 'firstMs', name: 'first event handled' },
      ],
      alt: 'Start-up time in milliseconds over the number of events in the store',
    },
  ],
}
