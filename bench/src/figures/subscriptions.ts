import { type Application, defineEvent, type Message, message, millrace, type Service, service } from 'millrace'
import type { Context, Group, Measurement, Sample } from '../measurement.ts'
import { OrderPlaced, OrderSchema, order } from '../order.ts'
import { tidy } from '../work/clock.ts'
import { type Counted, counted } from '../work/handle.ts'
import { readRate } from '../work/read-bare.ts'
import { backlog, publishAll } from '../work/store.ts'

const sizes = [1, 10, 100, 1_000]

/** How events reach subscriptions. */
interface Spread {
  readonly services: (counter: Counted) => readonly Service[]
  readonly messageOf: (number: number) => Message
  /** Deliveries of one event. */
  readonly deliveries: number
}

/** Each subscription has a topic of its own, so that an event is one delivery. */
function eachItsOwn(subscriptions: number): Spread {
  const contracts = Array.from({ length: subscriptions }, (_, index) =>
    defineEvent(`bench.own.t${index}`, { schema: OrderSchema, key: (data) => data.customer }),
  )
  return {
    services: (counter) =>
      contracts.map((contract, index) => service(`own-${index}`).on(contract, () => counter.handled())),
    messageOf: (number) => message(contracts[number % subscriptions]!, order(number)),
    deliveries: 1,
  }
}

/** All subscriptions have the same topic, so that an event is as many deliveries. */
function allOfOne(subscriptions: number): Spread {
  return {
    services: (counter) =>
      Array.from({ length: subscriptions }, (_, index) =>
        service(`all-${index}`).on(OrderPlaced, () => counter.handled()),
      ),
    messageOf: (number) => message(OrderPlaced, order(number)),
    deliveries: subscriptions,
  }
}

/** Publishes and handles at once, batches of up to 1,000. @returns µs for each delivery */
async function timePerDelivery(
  context: Context,
  name: string,
  { services, messageOf, deliveries }: Spread,
): Promise<{ readonly perDelivery: number; readonly startMs: number }> {
  const work = async (app: Application, counter: Counted, count: number): Promise<void> => {
    await publishAll(app, count, messageOf)
    await counter.all
    await app.idle()
  }
  const [warmUp, count] = [context.warmUp, context.events].map((all) => Math.ceil(all / deliveries)) as [number, number]
  let counter = counted(warmUp * deliveries)
  const current: Counted = {
    handled: () => counter.handled(),
    get firstMs() {
      return counter.firstMs
    },
    get all() {
      return counter.all
    },
  }
  const beganMs = performance.now()
  await using app = await millrace({ store: context.store(name), services: services(current) }).start()
  const startMs = performance.now() - beganMs
  await work(app, counter, warmUp)
  counter = counted(count * deliveries)
  tidy()
  const workMs = performance.now()
  await work(app, counter, count)
  return { perDelivery: ((performance.now() - workMs) * 1_000) / (count * deliveries), startMs }
}

const measure =
  (subscriptions: number) =>
  async (context: Context): Promise<Sample> => {
    const own = await timePerDelivery(context, 'own', eachItsOwn(subscriptions))
    const all = await timePerDelivery(context, 'all', allOfOne(subscriptions))
    return { values: { ownUs: own.perDelivery, allUs: all.perDelivery, startMs: own.startMs } }
  }

async function bare(context: Context): Promise<Sample> {
  return { values: { allUs: 1e6 / (await readRate(context, context.events)) } }
}

const measurements: readonly Measurement[] = [
  { name: 'bare', title: 'bare select and `JSON.parse`', raw: true, prepare: backlog(), measure: bare },
  ...sizes.map((subscriptions) => ({
    name: `subscriptions-${subscriptions}`,
    title: `${subscriptions.toLocaleString('en')} subscription${subscriptions === 1 ? '' : 's'}`,
    x: subscriptions,
    against: 'bare',
    measure: measure(subscriptions),
  })),
]

export const subscriptions: Group = {
  name: 'subscriptions',
  title: 'A growing number of subscriptions',
  about: `Events published in batches of 1,000 and handled (acknowledged) at once, in one process. Either each subscription has a topic of its
own and the events go to all of them in turn, so that an event is one delivery; or all subscriptions have the same topic, so that an
event is as many deliveries. The time is that of everything, for each delivery. Start is that of the application with as many new
services.`,
  metrics: [
    { name: 'ownUs', title: 'own topic, µs/delivery', unit: 'µs' },
    { name: 'allUs', title: 'same topic, µs/delivery', unit: 'µs', compared: 'multiple' },
    { name: 'startMs', title: 'start, ms', unit: 'ms' },
  ],
  measurements: () => measurements,
  plots: [
    {
      name: 'subscriptions',
      title: 'Cost per delivery over the number of subscriptions',
      x: { title: 'subscriptions', logarithmic: true },
      y: { title: 'time per delivery, µs' },
      lines: [
        { metric: 'ownUs', name: 'each with its own topic' },
        { metric: 'allUs', name: 'all with the same topic' },
      ],
      alt: 'Microseconds per delivery for 1 to 1,000 subscriptions, beside the raw limit of reading',
    },
  ],
}
