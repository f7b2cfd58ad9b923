import { statSync } from 'node:fs'
import { join } from 'node:path'
import { message } from 'millrace'
import type { Context, Group, Measurement, Sample } from '../measurement.ts'
import { OrderPlaced, order, orders } from '../order.ts'
import { openIn } from '../work/bare.ts'
import { publishSingly } from '../work/publish.ts'
import { backlog, start } from '../work/store.ts'

const streams = 1_000
const mebibyte = 2 ** 20

const bytesOf = ({ folder }: Context, file: string): number => statSync(join(folder, file)).size

/** The JSON of all events. */
async function json({ events }: Context): Promise<Sample> {
  let bytes = 0
  for (let number = 0; number < events; number++) bytes += Buffer.byteLength(JSON.stringify(order(number)))
  return { values: { bytes: bytes / events } }
}

/** A table of what nobody can do without. */
async function leastTable(context: Context): Promise<Sample> {
  const database = openIn(context, 'bare')
  database.exec(`
    ATTACH '${join(context.folder, 'store.db')}' AS store;
    CREATE TABLE log (position INTEGER PRIMARY KEY, id TEXT, data TEXT) STRICT;
    INSERT INTO log SELECT position, id, data FROM store.millrace_event ORDER BY position;
  `)
  database.close()
  return { values: { bytes: bytesOf(context, 'bare.db') / context.events } }
}

async function published(context: Context): Promise<Sample> {
  let log = 0
  {
    await using app = await start(context)
    await publishSingly(app, orders(context.events))
    log = bytesOf(context, 'store.db-wal')
  }
  return { values: { bytes: bytesOf(context, 'store.db') / context.events, logMiB: log / mebibyte } }
}

async function appended(context: Context): Promise<Sample> {
  const size = context.events / streams
  {
    await using app = await start(context)
    for (let stream = 0; stream < streams; stream++) {
      const messages = Array.from({ length: size }, (_, index) => message(OrderPlaced, order(stream * size + index)))
      await app.append(`order-${stream}`, messages, { expectedRevision: 'none' })
    }
  }
  return { values: { bytes: bytesOf(context, 'store.db') / context.events } }
}

const measurements: readonly Measurement[] = [
  { name: 'json', title: 'the JSON of the data', raw: true, measure: json },
  {
    name: 'bare',
    title: 'bare `node:sqlite`: position, id and the JSON',
    raw: true,
    against: 'json',
    prepare: backlog(),
    measure: leastTable,
  },
  { name: 'published', title: 'published events', against: 'json', measure: published },
  { name: 'streams', title: 'events of 1,000 streams', against: 'json', measure: appended },
]

export const disk: Group = {
  name: 'disk',
  title: 'Disk',
  about: `Bytes of the closed store for each event. The write-ahead log beside it is bounded; its size is the one while 1,000 calls are in
flight.`,
  metrics: [
    { name: 'bytes', title: 'bytes/event', unit: 'bytes', compared: 'multiple' },
    { name: 'logMiB', title: 'write-ahead log, MiB', unit: 'MiB', worst: true },
  ],
  measurements: () => measurements,
  maxRuns: 1,
}
