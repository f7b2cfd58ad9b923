import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine, Place } from './engine.ts'
import { kafkaJars } from './kafka-jars.ts'
import { missingOf, pathOf, run } from './programs.ts'
import { talk } from './talk.ts'

/** One node that is broker and controller, all on loopback, nothing replicated. */
function properties({ port, sparePorts: [controllerPort], folder, durability }: Place): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'data'),
    'num.partitions': 1,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 5,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // Nobody else joins a group of tests.
    'group.initial.rebalance.delay.ms': 0,
    ...(durability === 'safe' ? { 'log.flush.interval.messages': 1 } : {}),
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  return lines.join('')
}

const apiVersions = 18
const metadata = 3

/** A request of version 0 with a body: https://kafka.apache.org/protocol */
function request(api: number, correlation: number, body = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(14)
  head.writeInt32BE(10 + body.length, 0)
  head.writeInt16BE(api, 4)
  head.writeInt16BE(0, 6)
  head.writeInt32BE(correlation, 8)
  head.writeInt16BE(-1, 12)
  return Buffer.concat([head, body])
}

const isWhole = (bytes: Buffer): boolean => bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)

export const kafka: Engine = {
  name: 'kafka',
  title: 'Kafka',
  port: 9092,
  packages: ['openjdk-17-jre-headless', 'maven'],
  missing: () => missingOf(['java', 'mvn']),
  address: (port) => `127.0.0.1:${port}`,

  async command(place, tools) {
    const { version, folder: jars } = await kafkaJars(tools)
    const config = join(place.folder, 'server.properties')
    writeFileSync(config, properties(place))
    const java = pathOf('java')
    const classPath = ['-cp', join(jars, '*')]
    const clusterId = randomBytes(16).toString('base64url')
    const format = ['kafka.tools.StorageTool', 'format', '--cluster-id', clusterId, '--config', config]
    await run(java, [...classPath, ...format])
    return {
      program: java,
      args: ['-Xms512m', '-Xmx512m', ...classPath, 'kafka.Kafka', config],
      version,
      achieved: place.durability,
      durability:
        place.durability === 'safe'
          ? 'one replica, log.flush.interval.messages 1: synced before the acknowledgement'
          : 'one replica, synced by the operating system: power loss can take the last 30 s or so',
    }
  },

  probe: (port) =>
    talk(port, async ({ send, take }) => {
      send(request(apiVersions, 1))
      const versions = await take(isWhole)
      if (versions.readInt32BE(4) !== 1) return undefined
      // No topic is asked for by name: the answer begins with the brokers that are in service.
      send(request(metadata, 2, Buffer.from([0, 0, 0, 0])))
      const brokers = (await take(isWhole)).readInt32BE(8)
      return brokers > 0 ? {} : undefined
    }),
}
