import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Order, Peer, Session } from '../peer.ts'
import { reached } from '../reached.ts'

const connectionOf = (address: string) => {
  const { hostname: host, port } = new URL(address)
  return { host, port: Number(port) }
}

async function settingsOf(
  connection: ReturnType<typeof connectionOf>,
): Promise<Pick<Session, 'durability' | 'server'>> {
  const client = new Redis(connection)
  const setting = async (key: string): Promise<string> => String((await client.config('GET', key))[1])
  try {
    const appendonly = await setting('appendonly')
    const appendfsync = await setting('appendfsync')
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? '?'
    const durability = appendonly === 'yes' ? `appendonly, appendfsync ${appendfsync}` : 'not kept: appendonly no'
    return { server: `Redis ${version}`, durability }
  } finally {
    client.disconnect()
  }
}

export const bullmq: Peer = {
  name: 'BullMQ',
  engine: 'redis',
  packages: ['bullmq', 'ioredis'],
  durabilities: ['safe', 'fast'],
  load: { callsInFlight: 1_000, batchSize: 1_000, batchesInFlight: 4 },
  notes:
    'addBulk for batches; single adds with ioredis auto-pipelining; one worker, concurrency 200, finished jobs removed at once.',

  async open({ address, scope: name, handler }) {
    const connection = connectionOf(address)
    const about = await settingsOf(connection)
    const options = { removeOnComplete: true, removeOnFail: true }
    const queue = new Queue<Order>(name, {
      connection: { ...connection, enableAutoPipelining: true },
      defaultJobOptions: options,
    })
    await queue.waitUntilReady()
    const handled = reached()
    const worker =
      handler === undefined
        ? undefined
        : new Worker<Order>(name, async (job) => handler(job.data), {
            connection: { ...connection, maxRetriesPerRequest: null },
            concurrency: 200,
          })
    worker?.on('completed', handled.one)
    worker?.on('error', handled.fail)
    await worker?.waitUntilReady()
    return {
      ...about,
      publish: (order) => queue.add('order', order),
      publishBatch: (orders) => queue.addBulk(orders.map((data) => ({ name: 'order', data }))),
      settled: handled.count,
      [Symbol.asyncDispose]: async () => {
        await worker?.close(true)
        await queue.close()
      },
    }
  },

  async clear({ address, scope }) {
    const queue = new Queue(scope, { connection: connectionOf(address) })
    await queue.obliterate({ force: true })
    await queue.close()
  },
}
