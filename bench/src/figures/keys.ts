import { type Message, message } from 'millrace'
import type { Context, Group, Measurement, Prepared, Sample, Settings } from '../measurement.ts'
import { OrderPlaced, order } from '../order.ts'
import { rate } from '../work/clock.ts'
import { counted, type Effect, ordersService } from '../work/handle.ts'
import { handleRate, readRate } from '../work/read-bare.ts'
import { publishAll, start } from '../work/store.ts'

/** Up to a million, of the default size. */
const sizesOf = ({ events }: Settings): readonly number[] =>
  [10, 100, 1_000, 10_000, 100_000, 1_000_000].filter((keys) => keys <= events * 5)

/** A prime, so that keys come in no order and all of them come. */
const stride = 7_919

/** Each key comes at least once. */
const countOf = (keys: number, { events }: Pick<Context, 'events'>): number => Math.max(keys, events)

const messageOf =
  (keys: number) =>
  (number: number): Message =>
    message(OrderPlaced, { ...order(number), customer: `customer-${(number * stride) % keys}` })

const backlogOf = (keys: number): Prepared => ({
  name: `keys-${keys}`,
  async make(context) {
    await using app = await start(context)
    await publishAll(app, countOf(keys, context), messageOf(keys), context.progress)
  },
})

/** @returns µs for each event, from the first handler to the last settlement that is durable */
async function handle(context: Context, name: string, count: number, effect: Effect): Promise<number> {
  const counter = counted(count)
  await using app = await start(context, {
    name,
    services: [ordersService(`by-${effect}`, 'keyed', effect, counter)],
  })
  await counter.all
  await app.idle()
  return ((performance.now() - counter.firstMs) * 1_000) / count
}

const measure =
  (keys: number) =>
  async (context: Context): Promise<Sample> => {
    const count = countOf(keys, context)
    const published = await publishingRate(context, keys, count)
    await handle(context, 'warm', context.warmUp, 'document')
    const handledUs = await handle(context, 'store', count, 'acknowledgement')
    const documentUs = await handle(context, 'store', count, 'document')
    return { values: { publishedUs: 1e6 / published, handledUs, documentUs } }
  }

async function publishingRate(context: Context, keys: number, count: number): Promise<number> {
  {
    await using warm = await start(context, { name: 'warm' })
    await publishAll(warm, context.warmUp, messageOf(keys))
  }
  await using app = await start(context, { name: 'published' })
  return await rate(count, () => publishAll(app, count, messageOf(keys), context.progress))
}

/** Read and parsed; and with a document put by key, whose table grows with the keys without Millrace, too. */
const bare =
  (keys: number) =>
  async (context: Context): Promise<Sample> => {
    const count = countOf(keys, context)
    const handledUs = 1e6 / (await readRate(context, count))
    const documentUs = 1e6 / (await handleRate(context, count))
    return { values: { handledUs, documentUs } }
  }

const measurements = (settings: Settings): readonly Measurement[] =>
  sizesOf(settings).flatMap((keys) => [
    {
      name: `bare-${keys}`,
      title: `bare, ${keys.toLocaleString('en')} keys`,
      raw: true,
      x: keys,
      prepare: backlogOf(keys),
      measure: bare(keys),
    },
    {
      name: `keys-${keys}`,
      title: `${keys.toLocaleString('en')} keys`,
      x: keys,
      against: `bare-${keys}`,
      prepare: backlogOf(keys),
      measure: measure(keys),
    },
  ])

export const keys: Group = {
  name: 'keys',
  title: 'A growing number of keys',
  about: `Events whose keys come in no order, each key at least once: published in batches of 1,000, handled with keyed dispatch and
acknowledged, and handled with a document put by key. Without Millrace the events are read and parsed, and documents put, a
transaction for 1,000; a table of a million documents costs more than one of ten there, too.`,
  metrics: [
    { name: 'publishedUs', title: 'published, µs/event', unit: 'µs' },
    { name: 'handledUs', title: 'handled, µs/event', unit: 'µs', compared: 'multiple' },
    { name: 'documentUs', title: 'with a document, µs/event', unit: 'µs', compared: 'multiple' },
  ],
  measurements,
  plots: [
    {
      name: 'keys',
      title: 'Cost per event over the number of keys',
      x: { title: 'keys', logarithmic: true },
      y: { title: 'time per event, µs' },
      lines: [
        { metric: 'publishedUs', name: 'published' },
        { metric: 'handledUs', name: 'handled' },
        { metric: 'documentUs', name: 'with a document' },
      ],
      alt: 'Microseconds per published and per handled event for 10 to 1,000,000 keys, beside the raw limits',
    },
  ],
  maxRuns: 1,
}
