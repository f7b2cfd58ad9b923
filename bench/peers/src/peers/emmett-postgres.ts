import { type Event, STREAM_DOES_NOT_EXIST } from '@event-driven-io/emmett'
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import pg from 'pg'
import type { Order, Peer } from '../peer.ts'
import { database, dropDatabase, postgresSettings } from '../postgres.ts'

type OrderPlaced = Event<'OrderPlaced', Order>
const eventOf = (data: Order): OrderPlaced => ({ type: 'OrderPlaced', data })

export const emmettPostgres: Peer = {
  name: 'Emmett on PostgreSQL',
  engine: 'postgres',
  packages: ['@event-driven-io/emmett', '@event-driven-io/emmett-postgresql', 'pg'],
  durabilities: ['safe', 'fast'],
  load: { callsInFlight: 100, batchSize: 1_000, batchesInFlight: 4, appendsInFlight: { one: 20, hundred: 20 } },
  notes:
    'An event store: to publish is to append to a stream, over a pool of 20 connections; consumer with batches of 1,000 and its shortest wait.',

  async open({ address, scope, handler }) {
    const connectionString = await database(address, scope)
    const pool = new pg.Pool({ connectionString, max: 20 })
    // A connection that the server ends while the pool is closing; every other failure is that of a query.
    pool.on('error', () => {})
    const store = getPostgreSQLEventStore(connectionString, { connectionOptions: { pool } })
    await store.schema.migrate()
    let seen = 0
    let wanted = Number.POSITIVE_INFINITY
    const consumer =
      handler === undefined ? undefined : store.consumer({ pulling: { batchSize: 1_000, pullingFrequencyInMs: 0 } })
    consumer?.reactor<OrderPlaced>({
      processorId: 'totals',
      startFrom: 'BEGINNING',
      eachMessage: async (event) => {
        handler?.(event.data)
        seen++
      },
      stopAfter: () => seen >= wanted,
    })
    const running = consumer?.start()
    let batches = 0
    return {
      ...(await postgresSettings(connectionString)),
      publish: (order) => store.appendToStream(`orders-${order.customer}`, [eventOf(order)]),
      publishBatch: (orders) =>
        store.appendToStream(`orders-batch-${process.pid}-${batches++}`, orders.map(eventOf), {
          expectedStreamVersion: STREAM_DOES_NOT_EXIST,
        }),
      settled: async (count) => {
        wanted = count
        await running
      },
      append: (stream, revision, orders) =>
        store.appendToStream(stream, orders.map(eventOf), {
          expectedStreamVersion: revision === 0 ? STREAM_DOES_NOT_EXIST : BigInt(revision),
        }),
      [Symbol.asyncDispose]: async () => {
        await consumer?.stop()
        await store.close()
        await pool.end()
      },
    }
  },
  clear: ({ address, scope }) => dropDatabase(address, scope),
}
