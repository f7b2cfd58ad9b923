import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from './engine.ts'
import { giveTo, missingOf, pathOf, run } from './programs.ts'
import { holds, talk } from './talk.ts'

const account = 'rabbitmq'
// The wrapper in /usr/sbin writes to the folders of the system's own server; this is the script behind it.
const folders = ['/usr/lib/rabbitmq/bin']
/** The version in `connection.start` of AMQP 0-9-1: a table entry with a short name and a long string. */
export function versionIn(bytes: Buffer): string | undefined {
  const key = Buffer.from('\x07versionS')
  const at = bytes.indexOf(key)
  if (at < 0) return undefined
  const start = at + key.length + 4
  return bytes.subarray(start, start + bytes.readUInt32BE(start - 4)).toString()
}

export const rabbitmq: Engine = {
  name: 'rabbitmq',
  title: 'RabbitMQ',
  port: 5672,
  packages: ['rabbitmq-server'],
  missing: () => missingOf(['rabbitmq-server', 'erl', 'epmd'], folders),
  address: (port) => `amqp://guest:guest@127.0.0.1:${port}`,

  async command({ port, sparePorts, folder }) {
    // Erlang's name server and the port between nodes are our own, so that no other server is touched.
    const [epmdPort, distPort] = sparePorts
    const home = join(folder, 'home')
    mkdirSync(home)
    giveTo(account, home)
    writeFileSync(join(folder, 'plugins'), '[].\n')
    // Explicit, so that the size of the machine decides nothing but this.
    writeFileSync(
      join(folder, 'rabbitmq.conf'),
      'disk_free_limit.absolute = 1GB\nvm_memory_high_watermark.relative = 0.6\n',
    )
    return {
      program: pathOf('rabbitmq-server', folders),
      args: [],
      account,
      env: {
        HOME: home,
        RABBITMQ_NODENAME: `millrace-${port}@localhost`,
        RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
        RABBITMQ_NODE_PORT: String(port),
        RABBITMQ_DIST_PORT: String(distPort),
        RABBITMQ_MNESIA_BASE: join(home, 'data'),
        RABBITMQ_LOG_BASE: join(home, 'log'),
        RABBITMQ_LOGS: '-',
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
        RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
        RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
        RABBITMQ_PID_FILE: join(home, 'pid'),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
        ERL_EPMD_PORT: String(epmdPort),
        ERL_EPMD_ADDRESS: '127.0.0.1',
        // The script then becomes the server instead of waiting for it, so that there is one process to end.
        RUNNING_UNDER_SYSTEMD: 'true',
      },
      achieved: 'safe',
      durability: 'quorum queues: written and synced (fdatasync, many at a time) before the confirm',
    }
  },

  probe: (port) =>
    talk(port, async ({ send, take }) => {
      send(Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
      const version = versionIn(await take((bytes) => holds('version')(bytes) && bytes.at(-1) === 0xce))
      return version === undefined ? undefined : { version }
    }),

  async sweep({ sparePorts: [epmdPort] }) {
    const env = { ERL_EPMD_PORT: String(epmdPort) }
    // It refuses while a node is registered, and fails when it has gone already: both are as wanted.
    await run(pathOf('epmd'), ['-kill'], { env }).catch(() => undefined)
  },
}
