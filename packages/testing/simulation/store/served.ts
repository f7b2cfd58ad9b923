import {
  type Change,
  type Environment,
  MillraceError,
  type OpenEngine,
  type Store,
  type StoreEngine,
  type Transport,
  type Unit,
} from 'millrace/engine'
import { sqlite } from 'millrace/sqlite'
import type { Random } from '../../faults/random.ts'
import { Line, type Weather } from '../machine/line.ts'
import type { SimulatedProcess } from '../machine/process.ts'
import type { Scheduler } from '../machine/scheduler.ts'
import type { StoreHost } from './host.ts'

/** No process has this number, so that an earlier life of the same host is known to be over. */
const noPid = 2 ** 30

/**
 * A store in memory that is a process of its own, to which the others are connected, as they are to a database server: what
 * they ask and are told takes its time, and may be lost with them.
 */
export class ServedStore implements StoreHost {
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #line: Line
  readonly #engine: Promise<OpenEngine>
  /** How to tell a process that its store has stopped; those that were told have no store any more. */
  readonly #breaks = new Map<SimulatedProcess, ((error: MillraceError<'STORE_STOPPED'>) => void)[]>()
  readonly #broken = new Set<SimulatedProcess>()
  #refusesUntilMs = 0
  #refuses = 0

  constructor(scheduler: Scheduler, name: string, random: Random, weather: Weather, environment: Environment) {
    this.#scheduler = scheduler
    this.#random = random
    const server = scheduler.spawn(name)
    this.#line = new Line(scheduler, server, weather)
    this.#engine = sqlite(':memory:').open({ ...environment, clock: scheduler.clockOf(server) })
  }

  engineFor(client: SimulatedProcess): StoreEngine {
    return {
      engine: 'simulated',
      open: async ({ onStopped }) => {
        const { store, log } = await this.#engine
        this.#breaks.set(client, onStopped === undefined ? [] : [onStopped])
        return { store: this.#storeFor(client, store), log: this.#logFor(client, log) }
      },
    }
  }

  died(client: SimulatedProcess): void {
    this.#scheduler.loseMessages(client, this.#line.server, (count) => this.#random.below(count + 1))
  }

  readonly break = (client: SimulatedProcess): void => {
    this.#broken.add(client)
    for (const stopped of this.#breaks.get(client) ?? []) this.#line.tellClient(client, () => stopped(stoppedError()))
  }

  refuse(forMs: number): void {
    this.#refusesUntilMs = this.#scheduler.elapsedMs + forMs
    this.#refuses = this.#random.pick([0.1, 0.5, 0.9])
  }

  open(): Promise<OpenEngine> {
    return this.#engine
  }

  /** It is gone with the process. */
  remove(): void {}

  #storeFor(client: SimulatedProcess, store: Store): Store {
    const ends: (() => void)[] = []
    const ask = <T>(question: () => Promise<T>): Promise<T> =>
      this.#line.ask(client, () => (this.#broken.has(client) ? this.#stopped(question) : question()))
    return {
      capabilities: store.capabilities,
      commit: (unit) =>
        ask(() => {
          const refusal = this.#refusal()
          return refusal === undefined ? store.commit(ownedBy(client, unit)) : Promise.reject(refusal)
        }),
      readLog: (query) => ask(() => store.readLog(query)),
      readStream: (query) => ask(() => store.readStream(query)),
      readDocument: (collection, key) => ask(() => store.readDocument(collection, key)),
      readDocuments: (query) => ask(() => store.readDocuments(query)),
      readTimers: (query) => ask(() => store.readTimers(query)),
      readKept: (query) => ask(() => store.readKept(query)),
      inspect: () => ask(() => store.inspect()),
      locate: (at) => ask(() => store.locate(at)),
      readSubscription: (name, lagLimit) => ask(() => store.readSubscription(name, lagLimit)),
      onCommit: (listener) => {
        const end = this.#listen(client, store, listener)
        ends.push(end)
        return end
      },
      query: (statement) => ask(() => store.query(statement)),
      close: () => {
        for (const end of ends.splice(0)) end()
        // Behind whatever was asked before.
        return ask(() => Promise.resolve())
      },
    }
  }

  #logFor(client: SimulatedProcess, log: Transport): Transport {
    const line = this.#line
    return {
      capabilities: log.capabilities,
      publish: (events) => line.ask(client, () => log.publish(events)),
      subscribe: (subscription, receive) =>
        line.ask(client, async () => {
          const consumer = await log.subscribe(subscription, line.handOver(client, receive))
          const failed = Promise.withResolvers<never>()
          consumer.failed.catch(failed.reject)
          this.#breaks.get(client)?.push(failed.reject)
          return {
            close: () => line.ask(client, () => consumer.close()),
            failed: line.failing(client, failed.promise),
          }
        }),
      close: () => Promise.resolve(),
    }
  }

  #listen(client: SimulatedProcess, store: Store, listener: (change: Change) => void): () => void {
    let listening = true
    let stop: (() => void) | undefined
    this.#line.tellServer(client, () => {
      stop = store.onCommit((change) => {
        if (client.state === 'dead') stop?.()
        else this.#line.tellClient(client, () => listening && listener(change))
      })
    })
    return () => {
      listening = false
      this.#line.tellServer(client, () => stop?.())
    }
  }

  /** What was asked last is done or not. */
  async #stopped<T>(question: () => Promise<T>): Promise<T> {
    if (this.#random.chance(0.3)) await question()
    throw stoppedError()
  }

  #refusal(): MillraceError | undefined {
    if (this.#scheduler.elapsedMs >= this.#refusesUntilMs || !this.#random.chance(this.#refuses)) return undefined
    return this.#random.chance(0.5)
      ? new MillraceError('STORE_BUSY', { store: 'simulated', waitedMs: 1 })
      : new MillraceError('STORE_OVERLOADED', { store: 'simulated', pendingBytes: 1, limitBytes: 0 })
  }
}

const stoppedError = () => new MillraceError('STORE_STOPPED', { store: 'simulated', reason: 'it is broken' })

/** The unit with the lease's owner as if the process had a host of its own, which its later lives share. */
function ownedBy(client: SimulatedProcess, unit: Unit): Unit {
  if (unit.leases === undefined) return unit
  const leases = unit.leases.map((lease) =>
    lease.kind === 'acquire' ? { ...lease, owner: { ...lease.owner, pid: noPid, host: client.host } } : lease,
  )
  return { ...unit, leases }
}
