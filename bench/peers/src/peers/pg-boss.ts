import { PgBoss } from 'pg-boss'
import type { Order, Peer } from '../peer.ts'
import { database, dropDatabase, postgresSettings } from '../postgres.ts'
import { reached } from '../reached.ts'

const queue = 'orders'
const fetchedAtOnce = 1_000

export const pgBoss: Peer = {
  name: 'pg-boss',
  engine: 'postgres',
  packages: ['pg-boss', 'pg'],
  durabilities: ['safe', 'fast'],
  load: { callsInFlight: 100, batchSize: 1_000, batchesInFlight: 4 },
  notes:
    'insert for batches; workers with batchSize 1,000, burstWhenBatchFull. Notifications (LISTEN) are on for latency only, since they slow publishing down.',

  async open({ address, scope, purpose, handler }) {
    const connectionString = await database(address, scope)
    const notify = purpose === 'latency'
    const boss = new PgBoss({ connectionString, max: 20, useListenNotify: notify, schedule: false })
    const handled = reached()
    boss.on('error', handled.fail)
    await boss.start()
    if ((await boss.getQueue(queue)) === null) await boss.createQueue(queue, { notify })
    if (handler !== undefined) {
      const many = {
        batchSize: fetchedAtOnce,
        burstWhenBatchFull: true,
        localConcurrency: 2,
        pollingIntervalSeconds: 0.5,
      }
      await boss.work<Order>(queue, many, async (jobs) => {
        for (const { data } of jobs) handler(data)
        handled.many(jobs.length)
      })
    }
    return {
      ...(await postgresSettings(connectionString)),
      publish: (order) => boss.send(queue, order),
      publishBatch: (orders) =>
        boss.insert(
          queue,
          orders.map((data) => ({ data })),
        ),
      settled: async (count) => {
        await handled.count(count)
        // The last batches are completed after their handlers returned; stopping waits for that.
        await boss.offWork(queue, { wait: true })
      },
      [Symbol.asyncDispose]: () => boss.stop({ graceful: false, close: true }),
    }
  },
  clear: ({ address, scope }) => dropDatabase(address, scope),
}
