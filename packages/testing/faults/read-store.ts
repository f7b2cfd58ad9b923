import type { Effect, LoggedMessage } from '@millrace/testing/history'
import { type Application, type Logger, millrace } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { everything } from './workload/contracts.ts'

/** What a store holds: the whole log of the workload, and the effects of its handlers. */
export interface StoreContents {
  readonly log: readonly LoggedMessage[]
  readonly effects: readonly Effect[]
}

/** What is wrong with a store is told by what reading it throws. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * Reads a store that no other process need have open, with the sources as they are.
 * @param streams whose revisions are to be told
 */
export async function readStore(path: string, streams: ReadonlySet<string>): Promise<StoreContents> {
  await using app = await millrace({ store: sqlite(path), logger: silent }).start({ deliver: false })
  const places = await placesOf(app, streams)
  const log: LoggedMessage[] = []
  for await (const { position, event, topic, appendedAt } of app.events(everything, {
    from: 'beginning',
    live: false,
  })) {
    const message = (event.data as { readonly id: string }).id
    const stream = places.get(position)
    log.push({
      position,
      message,
      topic,
      appendedMs: appendedAt.getTime(),
      ...(stream === undefined ? {} : { stream }),
    })
  }
  return { log, effects: await effectsOf(app) }
}

async function placesOf(
  app: Application,
  streams: ReadonlySet<string>,
): Promise<ReadonlyMap<number, NonNullable<LoggedMessage['stream']>>> {
  const places = new Map<number, NonNullable<LoggedMessage['stream']>>()
  for (const name of streams) {
    for (let from = 0; ; ) {
      const page = await app.readStream(name, { from })
      for (const { position, revision } of page) places.set(position, { name, revision })
      if (page.length === 0) break
      from = page.at(-1)!.revision + 1
    }
  }
  return places
}

async function effectsOf(app: Application): Promise<readonly Effect[]> {
  // A process may have died before it made the table.
  const [table] = await app.query("SELECT 1 FROM sqlite_schema WHERE name = 'effect'")
  if (table === undefined) return []
  const rows = await app.query('SELECT * FROM effect ORDER BY sequence')
  return rows.map(({ subscription, message, position, publishes, counted, value }) => ({
    subscription: String(subscription),
    message: String(message),
    position: Number(position),
    ...(publishes === null ? {} : { publishes: JSON.parse(String(publishes)) }),
    ...(counted === null ? {} : { counted: JSON.parse(String(counted)) }),
    ...(value === null ? {} : { value: String(value) }),
  }))
}
