import { type Application, message } from 'millrace'
import type { Context, Group, Measurement, Prepared, Sample } from '../measurement.ts'
import { type Order, OrderPlaced, orders } from '../order.ts'
import { bareLog, insertRate } from '../work/bare.ts'
import { rate } from '../work/clock.ts'
import { start } from '../work/store.ts'

/** How appends come: each stream has one append under way, with the revision that the one before it gave. */
interface Appending {
  /** Events of one append. */
  readonly size: number
  /** Streams that are appended to at once. */
  readonly streams: number
}

const singly: Appending = { size: 1, streams: 1_000 }
const hundreds: Appending = { size: 100, streams: 1 }
const hundredsAtOnce: Appending = { size: 100, streams: 10 }

async function append(app: Application, data: readonly Order[], { size, streams }: Appending): Promise<void> {
  let next = 0
  const appender = async (_: unknown, index: number): Promise<void> => {
    let revision: number | 'none' = 'none'
    while (next < data.length) {
      const messages = data.slice(next, next + size).map((each) => message(OrderPlaced, each))
      next += size
      await app.append(`order-${index}`, messages, { expectedRevision: revision })
      revision = (revision === 'none' ? -1 : revision) + messages.length
    }
  }
  await Promise.all(Array.from({ length: streams }, appender))
}

const appending =
  (how: Appending) =>
  async (context: Context): Promise<Sample> => {
    {
      await using app = await start(context, { name: 'warm' })
      await append(app, orders(context.warmUp), how)
    }
    await using app = await start(context)
    const data = orders(context.events)
    return { values: { perSecond: await rate(data.length, () => append(app, data, how)) } }
  }

const streams: Prepared = {
  name: 'streams',
  async make(context) {
    await using app = await start(context)
    await append(app, orders(context.events), singly)
  },
}

/** The rows of the streams inserted again, with the index that holds each revision once. */
const insertBare =
  (size: number) =>
  async (context: Context): Promise<Sample> => ({
    values: { perSecond: await insertRate(context, bareLog(context), size) },
  })

const measurements: readonly Measurement[] = [
  {
    name: 'bare',
    title: 'bare `node:sqlite`, 1,000 inserts a transaction',
    raw: true,
    prepare: streams,
    measure: insertBare(1_000),
  },
  {
    name: 'bare-hundred',
    title: 'bare `node:sqlite`, 100 inserts a transaction',
    raw: true,
    prepare: streams,
    measure: insertBare(100),
  },
  { name: 'one', title: '1 event an append, 1,000 in flight', against: 'bare', measure: appending(singly) },
  {
    name: 'hundred',
    title: '100 events an append, one after the other',
    against: 'bare-hundred',
    measure: appending(hundreds),
  },
  {
    name: 'hundred-ten',
    title: '100 events an append, 10 in flight',
    against: 'bare',
    measure: appending(hundredsAtOnce),
  },
]

export const streamAppends: Group = {
  name: 'streams',
  title: 'Appending to streams',
  about: `Events appended to streams a second, each append with the revision that it expects; \`in flight\` are appends to as many streams.
The bare limit inserts the very rows that Millrace wrote, with the unique index on stream and revision.`,
  metrics: [{ name: 'perSecond', title: 'events/s', unit: 'per second', compared: 'share' }],
  measurements: () => measurements,
}
