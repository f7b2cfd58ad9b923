import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Answer, Engine } from './engine.ts'
import { giveTo, missingOf, pathOf, run, versionedFolders } from './programs.ts'
import { talk } from './talk.ts'

const folders = (): readonly string[] => versionedFolders('/usr/lib/postgresql', 'bin')
const account = 'postgres'

/** The start-up message of protocol 3.0: https://www.postgresql.org/docs/current/protocol-message-formats.html */
function startup(): Buffer {
  const body = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.length + 8, 0)
  head.writeInt32BE(196_608, 4)
  return Buffer.concat([head, body])
}

/** The messages of the server that are complete: their type letter and their body. */
export function messagesIn(bytes: Buffer): readonly { readonly type: string; readonly body: Buffer }[] {
  const messages = []
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 1 + bytes.readInt32BE(at + 1)
    if (end > bytes.length || end < at + 5) break
    messages.push({ type: String.fromCharCode(bytes[at]!), body: bytes.subarray(at + 5, end) })
    at = end
  }
  return messages
}

/** What the greeting of a server means; `undefined` while it is starting up. */
export function readGreeting(bytes: Buffer): Answer | undefined {
  const messages = messagesIn(bytes)
  const failure = messages.find(({ type }) => type === 'E')?.body.toString()
  if (failure?.includes('57P03')) return undefined
  if (failure !== undefined) {
    return { problem: `it refuses the user postgres: ${/\0M([^\0]*)/.exec(failure)?.[1] ?? 'no reason given'}` }
  }
  const asksFor = messages.find(({ type }) => type === 'R')?.body.readInt32BE(0) ?? 0
  if (asksFor !== 0) return { problem: 'it asks the user postgres for a password' }
  const parameters = messages.filter(({ type }) => type === 'S').map(({ body }) => body.toString().split('\0'))
  const version = parameters.find(([name]) => name === 'server_version')?.[1]
  return { version: version?.split(' ')[0] }
}

const isGreeted = (bytes: Buffer): boolean =>
  messagesIn(bytes).some(
    ({ type, body }) => type === 'Z' || type === 'E' || (type === 'R' && body.readInt32BE(0) !== 0),
  )

export const postgres: Engine = {
  name: 'postgres',
  title: 'PostgreSQL',
  port: 5432,
  packages: ['postgresql'],
  missing: () => missingOf(['initdb', 'postgres'], folders()),
  address: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,

  async command({ port, folder, durability }) {
    const data = join(folder, 'data')
    mkdirSync(data)
    giveTo(account, data)
    const format = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']
    await run(pathOf('initdb', folders()), ['-D', data, ...format], { account })
    const synced = durability === 'safe'
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: data,
      max_connections: 200,
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: synced ? 'on' : 'off',
      // Throw-away data, but a log that is not switched in the middle of a measurement.
      max_wal_size: '4GB',
      shared_buffers: '512MB',
    }
    return {
      program: pathOf('postgres', folders()),
      args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      account,
      // Fast shutdown: connections are cut, data is in order.
      stopSignal: 'SIGINT',
      achieved: durability,
      durability: synced
        ? 'fsync on, synchronous_commit on: synced before each commit returns'
        : 'fsync on, synchronous_commit off: power loss can take the last commits (up to 0.6 s)',
    }
  },

  probe: (port) =>
    talk(port, async ({ send, take }) => {
      send(startup())
      return readGreeting(await take(isGreeted))
    }),
}
