import { type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib'
import type { Order, Peer } from '../peer.ts'
import { reached } from '../reached.ts'

const prefetch = 2_000

/** Handles what comes and acknowledges it, many at a time when many have come. */
async function consume(
  channel: ConfirmChannel,
  queue: string,
  handler: (order: Order) => void,
  done: (count: number) => void,
): Promise<void> {
  await channel.prefetch(prefetch)
  let last: ConsumeMessage | undefined
  let unacknowledged = 0
  const acknowledge = (): void => {
    if (last === undefined) return
    channel.ack(last, true)
    done(unacknowledged)
    last = undefined
    unacknowledged = 0
  }
  await channel.consume(queue, (message) => {
    if (message === null) return
    handler(JSON.parse(message.content.toString()) as Order)
    if (last === undefined) setImmediate(acknowledge)
    last = message
    unacknowledged++
  })
}

export const rabbitmq: Peer = {
  name: 'RabbitMQ',
  engine: 'rabbitmq',
  packages: ['amqplib'],
  durabilities: ['safe'],
  load: { callsInFlight: 1_000, batchSize: 1_000, batchesInFlight: 4 },
  notes:
    'Quorum queue of one node, persistent messages, publisher confirms; a connection for each direction, prefetch 2,000, multiple acknowledgements.',

  async open({ address, scope: queue, handler }) {
    const outgoing = await connect(address)
    const incoming = await connect(address)
    const out = await outgoing.createConfirmChannel()
    const back = await incoming.createConfirmChannel()
    const handled = reached()
    outgoing.on('error', handled.fail)
    incoming.on('error', handled.fail)
    await out.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
    if (handler !== undefined) await consume(back, queue, handler, handled.many)
    const publish = (order: Order): Promise<void> =>
      new Promise((resolve, reject) => {
        const body = Buffer.from(JSON.stringify(order))
        out.sendToQueue(queue, body, { persistent: true }, (error) => (error ? reject(error) : resolve()))
      })
    const { version } = outgoing.connection.serverProperties as { version: string }
    return {
      durability: 'quorum queue: written and synced (fdatasync, many at a time) before the confirm',
      server: `RabbitMQ ${version}`,
      publish,
      publishBatch: (orders) => Promise.all(orders.map(publish)),
      settled: async (count) => {
        await handled.count(count)
        // An answer on the same channel comes after all that was sent before it.
        await back.checkQueue(queue)
      },
      [Symbol.asyncDispose]: async () => {
        await outgoing.close()
        await incoming.close()
      },
    }
  },

  async clear({ address, scope }) {
    const connection = await connect(address)
    const channel = await connection.createChannel()
    await channel.deleteQueue(scope)
    await connection.close()
  },
}
