import { takeDriver } from '../native-driver.ts'
import type { Peer } from '../peer.ts'

/** The peers, each loaded only by the process that measures it. */
const loaders: Readonly<Record<string, () => Promise<Peer>>> = {
  millrace: async () => (await import('./millrace.ts')).millracePeer,
  nats: async () => (await import('./nats.ts')).nats,
  rabbitmq: async () => (await import('./rabbitmq.ts')).rabbitmq,
  bullmq: async () => (await import('./bullmq.ts')).bullmq,
  'pg-boss': async () => (await import('./pg-boss.ts')).pgBoss,
  'emmett-postgres': async () => (await import('./emmett-postgres.ts')).emmettPostgres,
  'emmett-sqlite': async () => {
    takeDriver()
    return (await import('./emmett-sqlite.ts')).emmettSqlite
  },
}

/** What `--only` may name. */
export const peerNames = Object.keys(loaders)

/** @throws Error when there is no such peer */
export function loadPeer(name: string): Promise<Peer> {
  const load = loaders[name]
  if (load === undefined) throw new Error(`no such peer: ${name}. There are: ${peerNames.join(', ')}`)
  return load()
}
