import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crew } from '../crew/crew.ts'
import type { MemberTask } from '../crew/tasks.ts'
import type { Context, Group, Measurement, Sample } from '../measurement.ts'
import { order, orders } from '../order.ts'
import { atOnce, bareLog, createBare, insertRate } from '../work/bare.ts'
import { rate } from '../work/clock.ts'
import { type Publish, publishBatches, publishSingly, warmUpPublishing } from '../work/publish.ts'
import { backlog, start } from '../work/store.ts'

const members = 4

/** The rows that Millrace wrote, inserted again without it. */
async function insertBare(context: Context): Promise<Sample> {
  return { values: { perSecond: await insertRate(context, bareLog(context), atOnce) } }
}

/** The JSON of the data as lines of a file, 1,000 of them in a write that is synced. */
async function appendToFile({ folder, events }: Context): Promise<Sample> {
  const lines = Array.from({ length: events }, (_, number) => `${JSON.stringify(order(number))}\n`)
  const file = openSync(join(folder, 'lines.ndjson'), 'a')
  try {
    const append = (): void => {
      for (let first = 0; first < events; first += atOnce) {
        writeSync(file, lines.slice(first, first + atOnce).join(''))
        fdatasyncSync(file)
      }
    }
    return { values: { perSecond: await rate(events, append) } }
  } finally {
    closeSync(file)
  }
}

const publishing =
  (publish: Publish) =>
  async (context: Context): Promise<Sample> => {
    await warmUpPublishing(context, publish)
    await using app = await start(context)
    const data = orders(context.events)
    return { values: { perSecond: await rate(data.length, () => publish(app, data)) } }
  }

const together =
  (task: MemberTask) =>
  async (context: Context): Promise<Sample> => {
    const tookMs = await crew(context, task, members, context.events)
    return { values: { perSecond: (context.events / tookMs) * 1_000 } }
  }

async function insertTogether(context: Context): Promise<Sample> {
  createBare(context, 'bare', bareLog(context)).close()
  return together('insertBare')(context)
}

const measurements: readonly Measurement[] = [
  {
    name: 'bare',
    title: 'bare `node:sqlite`, 1,000 inserts a transaction',
    raw: true,
    prepare: backlog(),
    measure: insertBare,
  },
  { name: 'file', title: 'a file, 1,000 lines and an `fdatasync`', raw: true, measure: appendToFile },
  {
    name: 'single',
    title: 'single calls, 1,000 in flight',
    against: 'bare',
    measure: publishing(publishSingly),
  },
  { name: 'batches', title: 'batches of 1,000', against: 'bare', measure: publishing(publishBatches) },
  {
    name: 'bare-four',
    title: 'bare `node:sqlite`, four processes',
    raw: true,
    against: 'bare',
    prepare: backlog(),
    measure: insertTogether,
  },
  {
    name: 'single-four',
    title: 'single calls, four processes',
    against: 'bare',
    measure: together('publishSingly'),
  },
  {
    name: 'batches-four',
    title: 'batches of 1,000, four processes',
    against: 'bare',
    measure: together('publishBatches'),
  },
]

export const publish: Group = {
  name: 'publish',
  title: 'Publishing',
  about: `Events published a second, each durable when its promise resolves. The bare limit inserts the very rows that Millrace wrote
for these events into a table of the same definition: ready values, no JSON to be made, nothing validated. The file gets
only the JSON of the data. Millrace validates each event with zod, gives it an id and makes the JSON. Four processes share one file;
of them SQLite lets one write at a time.`,
  metrics: [{ name: 'perSecond', title: 'events/s', unit: 'per second', compared: 'share' }],
  measurements: () => measurements,
  wanted: [
    { measurement: 'single', metric: 'perSecond', ratioAtLeast: 0.6 },
    { measurement: 'batches', metric: 'perSecond', ratioAtLeast: 0.6 },
  ],
}
