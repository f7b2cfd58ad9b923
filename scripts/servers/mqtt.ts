import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from './engine.ts'
import { giveTo, missingOf, pathOf } from './programs.ts'
import { atLeast, talk } from './talk.ts'

const account = 'mosquitto'
const versionTopic = '$SYS/broker/version'

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

/** A packet of MQTT 3.1.1 that is shorter than 128 bytes. */
const packet = (head: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([head, body.length]), body])

const connect = (): Buffer =>
  packet(0x10, Buffer.concat([text('MQTT'), Buffer.from([4, 2, 0, 30]), text(`millrace-probe-${process.pid}`)]))
const subscribe = (): Buffer => packet(0x82, Buffer.concat([Buffer.from([0, 1]), text(versionTopic), Buffer.from([0])]))

export const mqtt: Engine = {
  name: 'mqtt',
  title: 'Mosquitto (MQTT)',
  port: 1883,
  packages: ['mosquitto'],
  missing: () => missingOf(['mosquitto']),
  address: (port) => `mqtt://127.0.0.1:${port}`,

  async command({ port, folder }) {
    const data = join(folder, 'data')
    mkdirSync(data)
    giveTo(account, data)
    const config = join(folder, 'mosquitto.conf')
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence true',
      `persistence_location ${data}/`,
      'autosave_interval 1',
      'max_queued_messages 0',
      'max_inflight_messages 0',
      'sys_interval 1',
      `user ${account}`,
    ]
    writeFileSync(config, `${lines.join('\n')}\n`)
    return {
      program: pathOf('mosquitto'),
      args: ['-c', config],
      achieved: 'fast',
      durability: 'kept in memory, saved every second: a crash can take the last second; it has no other setting',
    }
  },

  probe: (port) =>
    talk(port, async ({ send, take }) => {
      send(connect())
      const accepted = await take(atLeast(4))
      if (accepted[0] !== 0x20) return undefined
      if (accepted[3] !== 0) return { problem: `it refuses a client without a password (code ${accepted[3]})` }
      send(subscribe())
      const answer = await take((bytes) => bytes.includes('version ') || bytes.at(-1) === 0x80)
      return { version: /version (\d[\d.]*)/.exec(answer.toString('latin1'))?.[1] }
    }),
}
