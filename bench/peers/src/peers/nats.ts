import { AckPolicy, type ConsumerMessages, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Order, Peer } from '../peer.ts'
import { reached } from '../reached.ts'

const durable = 'totals'
const lookEveryMs = 5

export const nats: Peer = {
  name: 'NATS JetStream',
  engine: 'nats',
  packages: ['@nats-io/jetstream', '@nats-io/transport-node'],
  durabilities: ['safe', 'fast'],
  load: { callsInFlight: 1_000, batchSize: 1_000, batchesInFlight: 4 },
  notes:
    'File storage, one replica; publish acknowledgements awaited with 1,000 in flight (a batch is 1,000 of them); durable pull consumer, explicit acknowledgement of each message.',

  async open({ address, scope: stream, settings, handler }) {
    const subject = `${stream}.placed`
    const connection = await connect({ servers: address })
    const manager = await jetstreamManager(connection)
    await manager.streams.add({ name: stream, subjects: [subject], storage: StorageType.File, num_replicas: 1 })
    const client = jetstream(connection)
    const handled = reached()
    let messages: ConsumerMessages | undefined
    if (handler !== undefined) {
      await manager.consumers.add(stream, {
        durable_name: durable,
        ack_policy: AckPolicy.Explicit,
        max_ack_pending: 20_000,
      })
      const consumer = await client.consumers.get(stream, durable)
      messages = await consumer.consume({
        max_messages: 5_000,
        callback: (message) => {
          handler(message.json<Order>())
          message.ack()
          handled.one()
        },
      })
      void messages.closed().then((error) => error !== undefined && handled.fail(error))
    }
    const publish = (order: Order) => client.publish(subject, JSON.stringify(order))
    return {
      durability: settings,
      server: `nats-server ${connection.info?.version}`,
      publish,
      publishBatch: (orders) => Promise.all(orders.map(publish)),
      settled: async (count) => {
        await handled.count(count)
        // Acknowledgements are sent and not answered: the consumer's state tells when they have arrived.
        while (true) {
          const { num_ack_pending, num_pending } = await manager.consumers.info(stream, durable)
          if (num_ack_pending === 0 && num_pending === 0) return
          await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
        }
      },
      [Symbol.asyncDispose]: async () => {
        await messages?.close()
        await connection.close()
      },
    }
  },

  async clear({ address, scope }) {
    const connection = await connect({ servers: address })
    await (await jetstreamManager(connection)).streams.delete(scope)
    await connection.close()
  },
}
