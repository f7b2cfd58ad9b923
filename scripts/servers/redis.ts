import type { Engine } from './engine.ts'
import { missingOf, pathOf } from './programs.ts'
import { talk } from './talk.ts'

const isAnswered = (bytes: Buffer): boolean => bytes.includes('redis_version:') || bytes.toString().startsWith('-')

export const redis: Engine = {
  name: 'redis',
  title: 'Redis',
  port: 6379,
  packages: ['redis-server'],
  missing: () => missingOf(['redis-server']),
  address: (port) => `redis://127.0.0.1:${port}`,

  async command({ port, folder, durability }) {
    const appendfsync = durability === 'safe' ? 'always' : 'everysec'
    const settings = {
      bind: '127.0.0.1',
      port,
      dir: folder,
      daemonize: 'no',
      save: '',
      appendonly: 'yes',
      appendfsync,
      // What a queue needs: never drop a key.
      'maxmemory-policy': 'noeviction',
    }
    return {
      program: pathOf('redis-server'),
      args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
      achieved: durability,
      durability:
        appendfsync === 'always'
          ? 'appendonly, appendfsync always: synced before the reply'
          : 'appendonly, appendfsync everysec: power loss can take the last second',
    }
  },

  probe: (port) =>
    talk(port, async ({ send, take }) => {
      send('INFO server\r\n')
      const text = (await take(isAnswered)).toString()
      if (text.startsWith('-LOADING')) return undefined
      if (text.startsWith('-')) return { problem: `it refuses: ${text.slice(1).trim()}` }
      return { version: /redis_version:(\S+)/.exec(text)?.[1] }
    }),
}
