import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { message, millrace, service } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { OrderPlaced } from '../../../src/order.ts'
import type { Peer } from '../peer.ts'

function sqliteVersion(): string {
  const database = new DatabaseSync(':memory:')
  const row = database.prepare('SELECT sqlite_version() AS version').get()
  database.close()
  return `SQLite ${row?.version}`
}

export const millracePeer: Peer = {
  name: 'Millrace',
  packages: ['millrace'],
  durabilities: ['safe', 'fast'],
  load: { callsInFlight: 1_000, batchSize: 1_000, batchesInFlight: 1, appendsInFlight: { one: 1_000, hundred: 100 } },
  notes: 'Embedded, with its defaults: keyed dispatch (order within each key), every event validated by its contract.',

  async open({ folder, durability, handler }) {
    const synchronous = durability === 'safe' ? 'full' : 'normal'
    const handlers = handler === undefined ? [] : [service('orders').on(OrderPlaced, ({ data }) => handler(data))]
    const app = millrace({ store: sqlite(join(folder, 'millrace.db'), { synchronous }), services: handlers })
    await app.start()
    return {
      durability:
        synchronous === 'full'
          ? 'WAL, synchronous FULL: synced before publish resolves'
          : 'WAL, synchronous NORMAL: power loss can take the last commits',
      server: sqliteVersion(),
      publish: (order) => app.publish(OrderPlaced, order),
      publishBatch: (orders) => app.publishAll(orders.map((order) => message(OrderPlaced, order))),
      settled: () => app.idle(),
      append: (stream, revision, orders) =>
        app.append(
          stream,
          orders.map((order) => message(OrderPlaced, order)),
          { expectedRevision: revision === 0 ? 'none' : revision - 1 },
        ),
      [Symbol.asyncDispose]: () => app.stop(),
    }
  },
}
