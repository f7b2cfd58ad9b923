import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command, Durability, Engine, Place, Tools } from './engine.ts'
import { install } from './install.ts'
import { accountOf, tail } from './programs.ts'
import {
  type Identity,
  type Instance,
  identityOf,
  instanceFolder,
  isAlive,
  logOf,
  removeFolder,
  writeInstance,
} from './state.ts'

const readyWithinMs = 120_000
const endsWithinMs = 20_000
const lookEveryMs = 100

/** Free ports of loopback, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', resolve)
      })
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

interface LaunchOptions {
  readonly port: number
  readonly durability: Durability
  /** The process that has it for itself. */
  readonly owner?: Identity | undefined
}

/**
 * Starts a server in a new folder and waits until it answers in its own protocol.
 * @throws Error with the last of its log, when it ends or does not answer in time
 */
export async function launch(engine: Engine, options: LaunchOptions, tools: Tools): Promise<Instance> {
  await install(engine, tools)
  const [first, second] = await freePorts(2)
  const { port, durability, owner } = options
  const place: Place = {
    port,
    durability,
    sparePorts: [first!, second!],
    folder: instanceFolder(engine.name, port),
  }
  removeFolder(place.folder)
  mkdirSync(place.folder, { mode: 0o755 })
  const command = await engine.command(place, tools)
  tools.say(`${engine.title}: starting on port ${port} …`)
  const child = spawned(command, place)
  const identity = child.pid === undefined ? undefined : identityOf(child.pid)
  if (identity === undefined) throw new Error(failure(engine, place, 'it did not start'))
  const instance: Instance = {
    ...place,
    engine: engine.name,
    ...identity,
    stopSignal: command.stopSignal ?? 'SIGTERM',
    achieved: command.achieved,
    durabilityText: command.durability,
    version: command.version,
    owner,
  }
  writeInstance(instance)
  try {
    const version = (await ready(engine, instance)) ?? command.version
    writeInstance({ ...instance, version })
    return { ...instance, version }
  } catch (error) {
    await end(engine, instance, { keepFolder: true })
    throw error
  }
}

/** Its own process group, so that it outlives us and a Ctrl-C meant for us. */
function spawned(command: Command, place: Place): ChildProcess {
  const log = openSync(logOf(place), 'a')
  try {
    const child = spawn(command.program, command.args, {
      cwd: place.folder,
      env: { ...process.env, ...command.env },
      detached: true,
      stdio: ['ignore', log, log],
      ...accountOf(command.account),
    })
    child.on('error', () => {}) // told by the missing pid
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

async function ready(engine: Engine, instance: Instance): Promise<string | undefined> {
  const until = Date.now() + readyWithinMs
  while (Date.now() < until) {
    if (!isAlive(instance)) throw new Error(failure(engine, instance, 'it ended'))
    const answer = await engine.probe(instance.port)
    if (answer?.problem !== undefined) throw new Error(failure(engine, instance, answer.problem))
    if (answer !== undefined) return answer.version
    await sleep(lookEveryMs)
  }
  throw new Error(failure(engine, instance, `it did not answer within ${readyWithinMs / 1000} s`))
}

const failure = (engine: Engine, place: Place, what: string): string =>
  `${engine.title} on port ${place.port}: ${what}. The end of ${logOf(place)}:\n${tail(readFileSync(logOf(place), 'utf8'))}`

interface EndOptions {
  readonly keepFolder?: boolean
}

/** Ends a server that we started, by asking first, and removes its files. One that is dead already leaves only its files. */
export async function end(engine: Engine, instance: Instance, { keepFolder = false }: EndOptions = {}): Promise<void> {
  if (isAlive(instance)) {
    process.kill(instance.pid, instance.stopSignal)
    if (!(await isGone(instance))) {
      // With a minus sign: all that it has started, too.
      process.kill(-instance.pid, 'SIGKILL')
      if (!(await isGone(instance))) throw new Error(`${engine.title}: process ${instance.pid} cannot be ended`)
    }
  }
  await engine.sweep?.(instance)
  if (!keepFolder) removeFolder(instance.folder)
}

async function isGone(instance: Instance): Promise<boolean> {
  const until = Date.now() + endsWithinMs
  while (isAlive(instance)) {
    if (Date.now() > until) return false
    await sleep(lookEveryMs)
  }
  return true
}
