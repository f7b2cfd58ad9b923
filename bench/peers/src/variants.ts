import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { enginesNamed, type FreshServer, freshServer } from 'millrace-servers'
import type { Durability, Peer } from './peer.ts'
import { loadPeer } from './peers/index.ts'
import type { Skipped } from './result.ts'

/** A peer in one of its settings, with the server that it needs. */
export interface Variant {
  readonly key: string
  readonly peer: Peer
  readonly durability: Durability
  readonly setting: string
  readonly address: string
  /** What is known of the server's settings. */
  readonly settings: string
}

interface Server {
  readonly address: string
  readonly setting: string
  readonly settings: string
}

type Say = (text: string) => void

/** The servers of a run, each started once; they go with the stack. */
function serverStarter(stack: AsyncDisposableStack, say: Say) {
  const started = new Map<string, Promise<Server | string>>()
  const start = async (name: string, durability: Durability): Promise<Server | string> => {
    const engine = enginesNamed([name])[0]!
    let fresh: FreshServer
    try {
      fresh = await freshServer(engine, durability, { say })
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const answer = durability === 'safe' ? await engine.probe(engine.port) : undefined
      if (answer === undefined || answer.problem !== undefined) return why
      say(`${why}\nUsing the ${engine.title} that answers on port ${engine.port}, as it is.`)
      return { address: engine.address(engine.port), setting: 'as found', settings: 'settings as found, not known' }
    }
    stack.use(fresh)
    const server = { address: fresh.address, setting: fresh.achieved, settings: fresh.durability }
    if (fresh.achieved === durability) return server
    // It serves the setting that it has.
    started.set(`${name} ${fresh.achieved}`, Promise.resolve(server))
    return fresh.durability
  }
  return (name: string, durability: Durability): Promise<Server | string> => {
    const key = `${name} ${durability}`
    const known = started.get(key) ?? start(name, durability)
    started.set(key, known)
    return known
  }
}

/** Everything that can be measured here, and what cannot, with the reason. Starts the servers. */
export async function variantsOf(
  names: readonly string[],
  stack: AsyncDisposableStack,
  say: Say,
): Promise<{ readonly variants: readonly Variant[]; readonly skipped: readonly Skipped[] }> {
  const serverFor = serverStarter(stack, say)
  const variants: Variant[] = []
  const skipped: Skipped[] = []
  for (const key of names) {
    const peer = await loadPeer(key)
    for (const durability of peer.durabilities) {
      const none = { address: '', setting: durability, settings: '' }
      const server = peer.engine === undefined ? none : await serverFor(peer.engine, durability)
      if (typeof server !== 'string') {
        variants.push({ key, peer, durability, ...server })
        continue
      }
      say(`skipped: ${peer.name}, ${durability}: ${server}`)
      skipped.push({ peer: peer.name, setting: durability, why: server })
    }
  }
  return { variants, skipped }
}

/** The versions of npm packages, as they are installed. */
export function versionsOf(packages: readonly string[]): Readonly<Record<string, string>> {
  const folders = [join(import.meta.dirname, '../node_modules'), join(import.meta.dirname, '../../../node_modules')]
  return Object.fromEntries(packages.map((name) => [name, versionIn(folders, name)]))
}

function versionIn(folders: readonly string[], name: string): string {
  for (const folder of folders) {
    try {
      return (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string }).version
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return '?'
}
