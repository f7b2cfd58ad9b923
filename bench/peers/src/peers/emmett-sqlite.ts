import { join } from 'node:path'
import { type Event, STREAM_DOES_NOT_EXIST } from '@event-driven-io/emmett'
import { getSQLiteEventStore, sqliteConnection } from '@event-driven-io/emmett-sqlite'
import { isDriverCompiled } from '../native-driver.ts'
import type { Order, Peer } from '../peer.ts'

type OrderPlaced = Event<'OrderPlaced', Order>
const eventOf = (data: Order): OrderPlaced => ({ type: 'OrderPlaced', data })

/** A store with one connection that stays open: without it, one is opened for each call. */
async function storeOn(fileName: string, synchronous: 'FULL' | 'NORMAL') {
  const connection = sqliteConnection({ fileName })
  await connection.command(`PRAGMA synchronous = ${synchronous}`)
  const store = getSQLiteEventStore({ fileName, connectionOptions: { singleton: true, connection } })
  await store.schema.migrate()
  return { store, connection }
}

const driver = isDriverCompiled()
  ? 'With the driver that it asks for, sqlite3, compiled on this machine.'
  : 'Its driver sqlite3, which is compiled at installation, is not: node:sqlite answers for it, and is faster.'

export const emmettSqlite: Peer = {
  name: 'Emmett on SQLite',
  packages: ['@event-driven-io/emmett', '@event-driven-io/emmett-sqlite'],
  durabilities: ['safe', 'fast'],
  // Its connection has one transaction at a time: a second append would join the first one's.
  load: { callsInFlight: 1, batchSize: 1_000, batchesInFlight: 1, appendsInFlight: { one: 1, hundred: 1 } },
  notes: `An event store: to publish is to append to a stream, one append at a time, for concurrent ones would share a transaction. One connection kept open; consumer with batches of 1,000 and its shortest wait. ${driver}`,

  async open({ folder, durability, handler }) {
    const fileName = join(folder, 'emmett.db')
    const synchronous = durability === 'safe' ? 'FULL' : 'NORMAL'
    const writing = await storeOn(fileName, synchronous)
    const reading = handler === undefined ? undefined : await storeOn(fileName, synchronous)
    let seen = 0
    let wanted = Number.POSITIVE_INFINITY
    const consumer = reading?.store.consumer({ pulling: { batchSize: 1_000, pullingFrequencyInMs: 0 } })
    consumer?.processor<OrderPlaced>({
      processorId: 'totals',
      startFrom: 'BEGINNING',
      eachMessage: (event) => {
        handler?.(event.data)
        seen++
      },
      stopAfter: () => seen >= wanted,
    })
    const running = consumer?.start()
    let batches = 0
    const [row] = await writing.connection.query<{ version: string }>('SELECT sqlite_version() AS version')
    return {
      durability: `WAL, synchronous ${synchronous}`,
      server: `SQLite ${row?.version} by ${isDriverCompiled() ? 'sqlite3' : 'node:sqlite'}`,
      publish: (order) => writing.store.appendToStream(`orders-${order.customer}`, [eventOf(order)]),
      publishBatch: (orders) =>
        writing.store.appendToStream(`orders-batch-${batches++}`, orders.map(eventOf), {
          expectedStreamVersion: STREAM_DOES_NOT_EXIST,
        }),
      settled: async (count) => {
        wanted = count
        await running
      },
      append: (stream, revision, orders) =>
        writing.store.appendToStream(stream, orders.map(eventOf), {
          expectedStreamVersion: revision === 0 ? STREAM_DOES_NOT_EXIST : BigInt(revision),
        }),
      [Symbol.asyncDispose]: async () => {
        await consumer?.close()
        writing.connection.close()
        reading?.connection.close()
      },
    }
  },
}
