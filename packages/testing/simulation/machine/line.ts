import type { SimulatedProcess } from './process.ts'
import type { Scheduler } from './scheduler.ts'

/** What the connections to a server suffer from. */
export interface Weather {
  /** How long a message is on its way now, in milliseconds. */
  latencyMs(): number
  /** A process has just sent a request. It may die of that. */
  requested(client: SimulatedProcess): void
  /** Whether it may be that one of its next requests is what it dies of. */
  mayDie(client: SimulatedProcess): boolean
}

/**
 * The connections of processes to a server that is a process of its own. What they ask and what they are told are messages,
 * which keep their order. So a process can die or freeze between any two of them.
 */
export class Line {
  readonly server: SimulatedProcess
  readonly #scheduler: Scheduler
  readonly #weather: Weather

  constructor(scheduler: Scheduler, server: SimulatedProcess, weather: Weather) {
    this.#scheduler = scheduler
    this.server = server
    this.#weather = weather
  }

  /** The answer to a question that the server is asked; for a process that died on the way it never comes. */
  ask<T>(client: SimulatedProcess, question: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.tellServer(client, () => {
        question().then(
          (answer) => this.tellClient(client, () => resolve(answer)),
          (error: unknown) => this.tellClient(client, () => reject(error)),
        )
      })
      this.#weather.requested(client)
    })
  }

  tellServer(client: SimulatedProcess, message: () => void): void {
    this.#scheduler.send(client, this.server, this.#weather.latencyMs(), message)
  }

  tellClient(client: SimulatedProcess, message: () => void): void {
    this.#scheduler.send(this.server, client, this.#weather.latencyMs(), message)
  }

  /** What the server hands over, and whether the client takes it: a function of the client, for the server to call. */
  handOver<T>(client: SimulatedProcess, receive: (handed: T) => Promise<void>): (handed: T) => Promise<void> {
    return (handed) =>
      new Promise((resolve, reject) => {
        this.tellClient(client, () => {
          receive(handed).then(
            () => this.tellServer(client, resolve),
            (error: unknown) => this.tellServer(client, () => reject(error)),
          )
        })
      })
  }

  /** A promise of the server that only ever rejects, as the client has it. */
  failing(client: SimulatedProcess, failed: Promise<never>): Promise<never> {
    const told = new Promise<never>((_, reject) => {
      failed.catch((error: unknown) => this.tellClient(client, () => reject(error)))
    })
    // Whoever does not look at it learns of it in other ways.
    told.catch(() => {})
    return told
  }
}
