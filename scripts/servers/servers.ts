import type { Answer, Durability, Engine, Tools } from './engine.ts'
import { kafka } from './kafka.ts'
import { end, freePorts, launch } from './lifecycle.ts'
import { mqtt } from './mqtt.ts'
import { nats } from './nats.ts'
import { postgres } from './postgres.ts'
import { rabbitmq } from './rabbitmq.ts'
import { redis } from './redis.ts'
import { type Instance, instances, isAlive } from './state.ts'

/** Every engine that the scripts know. */
export const engines: readonly Engine[] = [postgres, kafka, rabbitmq, nats, redis, mqtt]

/**
 * The engines of these names, in their own order; all when there are none.
 * @throws Error for a name that is none
 */
export function enginesNamed(names: readonly string[]): readonly Engine[] {
  const unknown = names.filter((name) => !engines.some((engine) => engine.name === name))
  if (unknown.length > 0) {
    const known = engines.map(({ name }) => name).join(', ')
    throw new Error(`no such engine: ${unknown.join(', ')}. There are: ${known}`)
  }
  return names.length === 0 ? engines : engines.filter(({ name }) => names.includes(name))
}

/** A server as the table shows it. */
export interface Standing {
  readonly engine: string
  readonly address: string
  readonly version: string
  readonly state: string
  /** What is to be done before it can be used; `undefined` when it can. */
  readonly problem?: string
}

const standing = (engine: Engine, port: number, answer: Answer, state: string): Standing => ({
  engine: engine.name,
  address: engine.address(port),
  version: answer.version ?? '?',
  state: answer.problem ?? state,
  ...(answer.problem === undefined ? {} : { problem: `${engine.title} on port ${port}: ${answer.problem}` }),
})

interface StartOptions {
  /** Beside whatever runs, on a port of its own. */
  readonly fresh?: boolean
  /** Default: the standard port, or a free one when `fresh`. */
  readonly port?: number
  readonly durability?: Durability
}

/** Starts an engine, unless its port answers already: then that server is used as it is. */
export async function start(engine: Engine, options: StartOptions, tools: Tools): Promise<Standing> {
  const { fresh = false, durability = 'safe' } = options
  const port = options.port ?? (fresh ? (await freePorts(1))[0]! : engine.port)
  const ours = instances().find((each) => each.engine === engine.name && each.port === port)
  const answer = await engine.probe(port)
  if (answer !== undefined) {
    if (ours !== undefined && isAlive(ours)) return standing(engine, port, known(answer, ours), 'runs already, ours')
    return standing(engine, port, answer, 'ran already, used as it is')
  }
  if (ours !== undefined) await end(engine, ours)
  const instance = await launch(engine, { port, durability }, tools)
  return standing(engine, port, { version: instance.version }, `started; ${instance.durabilityText}`)
}

const known = (answer: Answer, { version }: Instance): Answer => ({ ...answer, version: answer.version ?? version })

/** Stops what we started of these engines, and nothing else; not what a test or benchmark that still runs has for itself. */
export async function stop(chosen: readonly Engine[], { say }: Tools): Promise<number> {
  let stopped = 0
  for (const instance of instances()) {
    const engine = chosen.find(({ name }) => name === instance.engine)
    if (engine === undefined) continue
    const where = `${engine.title} on port ${instance.port}`
    if (instance.owner !== undefined && isAlive(instance.owner)) {
      say(`${where}: left alone, process ${instance.owner.pid} uses it`)
      continue
    }
    say(`${where}: ${isAlive(instance) ? 'stopping' : 'was dead, removing its files'} …`)
    await end(engine, instance)
    stopped++
  }
  return stopped
}

/** What answers: on the standard ports, and of what we started. */
export async function status(chosen: readonly Engine[]): Promise<readonly Standing[]> {
  const rows = await Promise.all(
    chosen.map(async (engine) => {
      const ours = instances().filter((each) => each.engine === engine.name)
      const ports = new Set([engine.port, ...ours.map(({ port }) => port)])
      return await Promise.all([...ports].map((port) => statusOf(engine, port, ours)))
    }),
  )
  return rows.flat()
}

async function statusOf(engine: Engine, port: number, ours: readonly Instance[]): Promise<Standing> {
  const instance = ours.find((each) => each.port === port)
  const answer = await engine.probe(port)
  if (answer === undefined) {
    const state = instance !== undefined && isAlive(instance) ? 'ours, does not answer' : 'not running'
    return { engine: engine.name, address: engine.address(port), version: '', state }
  }
  if (instance === undefined || !isAlive(instance)) return standing(engine, port, answer, 'running, not ours')
  return standing(engine, port, known(answer, instance), `running, ours; ${instance.durabilityText}`)
}
