import type { BrokerTransport, Consumer, EncodedEvent, TransportEngine } from 'millrace/engine'
import type { Random } from '../faults/random.ts'
import { type FaultyTransport, faultyTransport } from '../src/faulty-transport/index.ts'
import { Line, type Weather } from './machine/line.ts'
import type { SimulatedProcess } from './machine/process.ts'
import type { Scheduler } from './machine/scheduler.ts'
import { randomFor } from './profile.ts'

/** A broker that is a process of the machine, to which the others are connected. */
export class SimulatedBroker {
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #line: Line
  readonly #broker: FaultyTransport
  readonly #connections = new Map<SimulatedProcess, BrokerTransport>()
  #refuses: boolean

  /** @param refuses whether it refuses some events for good, until it is healed */
  constructor(scheduler: Scheduler, seed: number, refuses: boolean, weather: Weather) {
    this.#scheduler = scheduler
    this.#random = randomFor(seed, 'broker')
    this.#refuses = refuses
    const server = scheduler.spawn('broker')
    this.#line = new Line(scheduler, server, weather)
    this.#broker = faultyTransport({
      clock: scheduler.clockOf(server),
      random: this.#random.next,
      refuses: ({ id }) => this.#refuses && randomFor(seed, `refused ${id}`).chance(0.1),
    })
  }

  /** The broker as one process has it. */
  engineFor(client: SimulatedProcess): TransportEngine {
    return { engine: 'simulated', open: () => this.#connect(client) }
  }

  /** Does from now on what brokers do, more or less. */
  misbehave(): void {
    const { chance, next, pick } = this.#random
    const some = (): number => (chance(0.5) ? next() * 0.4 : 0)
    this.#broker.setFaults({
      refusedPublishes: some(),
      partialPublishes: some(),
      lostAnswers: some(),
      duplicates: some(),
      reorders: some(),
      lostAcknowledgements: some(),
      lostConnections: some(),
      delayMs: pick([0, 1, 50, 1_000]),
    })
  }

  /** For so long nobody can reach it. */
  outage(forMs: number): void {
    this.#scheduler.trace.note('broker', `is DOWN for ${forMs.toFixed(0)} ms`)
    this.#broker.down()
    this.#scheduler.after(this.#line.server, forMs, () => this.#broker.up())
  }

  heal(): void {
    this.#refuses = false
    this.#broker.setFaults({})
    this.#broker.up()
  }

  /** Its connection is lost, as the broker notices sooner or later. */
  died(client: SimulatedProcess): void {
    const connection = this.#connections.get(client)
    this.#connections.delete(client)
    this.#scheduler.loseMessages(client, this.#line.server, (count) => this.#random.below(count + 1))
    if (connection === undefined) return
    this.#scheduler.after(this.#line.server, this.#random.pick([0, 5, 500]), () => {
      void connection.close()
    })
  }

  /** How many events have come to it. */
  get size(): number {
    return this.#broker.persisted.length
  }

  /** How many events it still has of a group; undefined as long as the group has not come. */
  unacknowledged(group: string): number | undefined {
    return this.#broker.unacknowledged(group)
  }

  #note(client: SimulatedProcess, what: string): void {
    this.#scheduler.trace.note(client.name, what)
  }

  async #connect(client: SimulatedProcess): Promise<BrokerTransport> {
    const line = this.#line
    const connection = await line.ask(client, () => Promise.resolve(this.#broker.engine.open(environment)))
    this.#connections.set(client, connection)
    return {
      capabilities: connection.capabilities,
      publish: (events) => {
        this.#note(client, `publishes ${idsOf(events)} to the broker`)
        return line.ask(client, () => connection.publish(events))
      },
      subscribe: (subscription, receive) =>
        line.ask(client, async (): Promise<Consumer> => {
          const consumer = await connection.subscribe(
            subscription,
            line.handOver<readonly EncodedEvent[]>(client, (batch) => {
              this.#note(client, `gets ${idsOf(batch)} from the broker`)
              return receive(batch)
            }),
          )
          return {
            close: () => line.ask(client, () => consumer.close()),
            failed: line.failing(client, consumer.failed),
          }
        }),
      close: () => line.ask(client, () => connection.close()),
    }
  }
}

const idsOf = (events: readonly EncodedEvent[]): string => events.map(({ id }) => id).join(' ')

const silent = (): void => {}

/** It takes nothing of what an application gives it: it runs in a process of its own. */
const environment: Parameters<TransportEngine['open']>[0] = {
  clock: { now: () => 0, monotonic: () => 0, after: () => silent },
  newId: () => '',
  logger: { debug: silent, info: silent, warn: silent, error: silent },
}
