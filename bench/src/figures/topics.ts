import { defineEvent, message, millrace, service } from 'millrace'
import type { Context, Group, Measurement, Sample } from '../measurement.ts'
import { OrderSchema, order } from '../order.ts'
import { atOnce, bareLog, insertRate } from '../work/bare.ts'
import { rate } from '../work/clock.ts'
import { counted } from '../work/handle.ts'
import { readRate } from '../work/read-bare.ts'
import { backlog, publishAll } from '../work/store.ts'

const sizes = [10, 100, 1_000, 10_000]

const microseconds = (perSecond: number): number => 1e6 / perSecond

/** Events of all topics in turn are published, and then handled by one service that has all of them by a wildcard. */
const measure =
  (topics: number) =>
  async (context: Context): Promise<Sample> => {
    const contracts = Array.from({ length: topics }, (_, index) =>
      defineEvent(`bench.topics.t${index}`, { schema: OrderSchema, key: (data) => data.customer }),
    )
    const messageOf = (number: number) => message(contracts[number % topics]!, order(number))
    // Once of each, and enough to warm up: the first event of a contract has it compared with what is stored.
    const before = Math.max(topics, context.warmUp)
    let published = 0
    {
      await using app = await millrace({ store: context.store() }).start()
      await publishAll(app, before, messageOf)
      published = await rate(context.events, () => publishAll(app, context.events, messageOf))
    }
    const count = before + context.events
    const counter = counted(count)
    const all = service('all').on('bench.topics.**', () => counter.handled())
    const beganMs = performance.now()
    await using app = await millrace({ store: context.store(), services: [all], contracts }).start()
    const startMs = performance.now() - beganMs
    await counter.all
    await app.idle()
    const handled = (count / (performance.now() - counter.firstMs)) * 1_000
    return { values: { publishedUs: microseconds(published), handledUs: microseconds(handled), startMs } }
  }

async function bare(context: Context): Promise<Sample> {
  const published = await insertRate(context, bareLog(context), atOnce)
  const handled = await readRate(context, context.events)
  return { values: { publishedUs: microseconds(published), handledUs: microseconds(handled) } }
}

const measurements: readonly Measurement[] = [
  { name: 'bare', title: 'bare insert; select and `JSON.parse`', raw: true, prepare: backlog(), measure: bare },
  ...sizes.map((topics) => ({
    name: `topics-${topics}`,
    title: `${topics.toLocaleString('en')} topics`,
    x: topics,
    against: 'bare',
    measure: measure(topics),
  })),
]

export const topics: Group = {
  name: 'topics',
  title: 'A growing number of topics',
  about: `Events of all topics in turn, published in batches of 1,000 and handled (acknowledged) by one service that has them by a
wildcard. Start is that of an application that is configured with as many contracts.`,
  metrics: [
    { name: 'publishedUs', title: 'published, µs/event', unit: 'µs', compared: 'multiple' },
    { name: 'handledUs', title: 'handled, µs/event', unit: 'µs', compared: 'multiple' },
    { name: 'startMs', title: 'start, ms', unit: 'ms' },
  ],
  measurements: () => measurements,
  plots: [
    {
      name: 'topics',
      title: 'Cost per event over the number of topics',
      x: { title: 'topics', logarithmic: true },
      y: { title: 'time per event, µs' },
      lines: [
        { metric: 'publishedUs', name: 'published' },
        { metric: 'handledUs', name: 'handled' },
      ],
      alt: 'Microseconds per published and per handled event for 10 to 10,000 topics, beside the raw limits',
    },
  ],
}
