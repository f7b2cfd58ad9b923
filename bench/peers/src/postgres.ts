import pg from 'pg'
import type { Session } from './peer.ts'

async function onServer<T>(address: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: address })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The address of a database of that name, which is made if it is not there. */
export async function database(address: string, name: string): Promise<string> {
  await onServer(address, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  })
  const there = new URL(address)
  there.pathname = `/${name}`
  return there.href
}

export async function dropDatabase(address: string, name: string): Promise<void> {
  await onServer(address, (client) => client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} (FORCE)`))
}

/** The version of a PostgreSQL server, and what it does before a commit returns. */
export function postgresSettings(address: string): Promise<Pick<Session, 'durability' | 'server'>> {
  return onServer(address, async (client) => {
    const setting = async (name: string): Promise<string> => {
      const { rows } = await client.query<Record<string, string>>(`SHOW ${name}`)
      return rows[0]?.[name] ?? '?'
    }
    const version = (await setting('server_version')).split(' ')[0]
    const durability = `fsync ${await setting('fsync')}, synchronous_commit ${await setting('synchronous_commit')}`
    return { server: `PostgreSQL ${version}`, durability }
  })
}
