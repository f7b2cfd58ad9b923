import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from './engine.ts'
import { missingOf, pathOf, run } from './programs.ts'
import { holds, talk } from './talk.ts'

/** Whether this version can sync each message before it confirms it: `sync_interval` came with 2.10. */
export function canSyncAlways(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 10)
}

async function installedVersion(program: string): Promise<string> {
  const text = await run(program, ['--version'])
  return /v?(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? '0'
}

export const nats: Engine = {
  name: 'nats',
  title: 'NATS',
  port: 4222,
  packages: ['nats-server'],
  missing: () => missingOf(['nats-server']),
  address: (port) => `nats://127.0.0.1:${port}`,

  async command({ port, folder, durability }) {
    const program = pathOf('nats-server')
    const version = await installedVersion(program)
    const always = durability === 'safe' && canSyncAlways(version)
    const config = join(folder, 'nats.conf')
    const lines = [
      `listen: "127.0.0.1:${port}"`,
      'max_payload: 8MB',
      'jetstream {',
      `  store_dir: ${JSON.stringify(join(folder, 'data'))}`,
      ...(always ? ['  sync_interval: always'] : []),
      '}',
    ]
    writeFileSync(config, `${lines.join('\n')}\n`)
    const why = durability === 'safe' ? `; nats-server ${version} cannot sync each message, 2.10 can` : ''
    return {
      program,
      args: ['-c', config],
      achieved: always ? 'safe' : 'fast',
      durability: always
        ? 'file storage, sync_interval always: synced before the acknowledgement'
        : `file storage, synced every 2 minutes: power loss can take what came since${why}`,
    }
  },

  probe: (port) =>
    talk(port, async ({ send, take }) => {
      const info = (await take(holds('\r\n'))).toString()
      const about = JSON.parse(info.slice('INFO '.length)) as { version?: string; jetstream?: boolean }
      send('CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n')
      const reply = (await take((bytes) => bytes.includes('PONG') || bytes.includes('-ERR'))).toString()
      if (reply.includes('-ERR')) return { version: about.version, problem: `it refuses: ${reply.trim()}` }
      if (about.jetstream !== true) return { version: about.version, problem: 'it runs without JetStream' }
      return { version: about.version }
    }),
}
