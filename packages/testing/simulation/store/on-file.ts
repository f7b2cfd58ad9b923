import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Environment, OpenEngine, StoreEngine } from 'millrace/engine'
import { sqlite } from 'millrace/sqlite'
import type { Connections } from '../machine/connections.ts'
import type { Weather } from '../machine/line.ts'
import type { SimulatedProcess } from '../machine/process.ts'
import type { Scheduler } from '../machine/scheduler.ts'
import type { StoreHost } from './host.ts'

/** In memory where the system has such a folder: nothing here is about disks. */
const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/**
 * A store in a file which each process opens for itself, as processes of one machine do. Commits are seen by the others as
 * they are in reality, by looking at the file. SQLite works at once and without waiting, so that this, too, depends on
 * nothing but the seed.
 */
export class StoreOnFile implements StoreHost {
  readonly #scheduler: Scheduler
  readonly #weather: Weather
  readonly #environment: Environment
  readonly #folder = mkdtempSync(join(parent, 'millrace-simulation-'))
  readonly #connections: Connections
  readonly #intruder: SimulatedProcess
  #opened: OpenEngine | undefined

  constructor(
    scheduler: Scheduler,
    name: string,
    connections: Connections,
    weather: Weather,
    environment: Environment,
  ) {
    this.#scheduler = scheduler
    this.#connections = connections
    this.#weather = weather
    this.#environment = environment
    this.#intruder = scheduler.spawn(`${name}-other`)
  }

  engineFor(client: SimulatedProcess): StoreEngine {
    const engine = sqlite(this.#path, { synchronous: 'normal', busyTimeoutMs: 60 })
    return { engine: engine.engine, open: async (environment) => this.#mortal(client, await engine.open(environment)) }
  }

  /** Its connections end as they do with a process that is killed. */
  died(client: SimulatedProcess): void {
    // Not while its code still runs on: nothing of what that does is heard of any more.
    this.#scheduler.afterStep(() => this.#connections.end(client))
  }

  /** Another process, such as a backup, has the file to itself. */
  refuse(forMs: number): void {
    this.#scheduler.soon(this.#intruder, () => {
      const connection = new DatabaseSync(this.#path)
      try {
        connection.exec('BEGIN IMMEDIATE')
      } catch {
        // There is nothing yet to be locked, or it is locked already.
        connection.close()
        return
      }
      this.#scheduler.after(this.#intruder, forMs, () => connection.close())
    })
  }

  async open(): Promise<OpenEngine> {
    this.#opened ??= await sqlite(this.#path).open(this.#environment)
    return this.#opened
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }

  get #path(): string {
    return join(this.#folder, 'store.db')
  }

  /** The process may die before a commit, or when it is durable and before anybody knows. */
  #mortal(client: SimulatedProcess, engine: OpenEngine): OpenEngine {
    const { store } = engine
    const commit = store.commit.bind(store)
    const never = new Promise<never>(() => {})
    Object.assign(store, {
      commit: (...[unit]: Parameters<typeof commit>) => {
        this.#weather.requested(client)
        if (client.state === 'dead') return never
        const committed = commit(unit)
        if (!this.#weather.mayDie(client)) return committed
        return committed.then((answer) => {
          this.#weather.requested(client)
          return client.state === 'dead' ? never : answer
        })
      },
    })
    return engine
  }
}
