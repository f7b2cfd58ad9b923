import { type Application, isMillraceError, millrace } from 'millrace'
import type { SimulatedProcess } from '../machine/process.ts'
import { longestMs } from './behaviour.ts'
import { type ClientOptions, perform } from './client.ts'
import type { Said } from './contracts.ts'
import type { PlannedOperation } from './operations.ts'
import type { SiteParts } from './parts.ts'
import { servicesOf } from './services.ts'

/** One process that runs the application; each of its lives is a process of the machine. */
export class Node {
  readonly name: string
  readonly #site: SiteParts
  readonly #reads: boolean
  #life = 0
  #process: SimulatedProcess | undefined
  #app: Application | undefined
  #isBroken = false
  /** Operations under way in this life. */
  readonly #asking = new Set<PlannedOperation>()

  /** @param reads whether it reads the log from the beginning, as long as it lives */
  constructor(name: string, site: SiteParts, reads: boolean) {
    this.name = name
    this.#site = site
    this.#reads = reads
  }

  get process(): SimulatedProcess | undefined {
    return this.#process
  }

  get isUp(): boolean {
    return this.#app !== undefined && this.#process?.state === 'running' && !this.#isBroken
  }

  get isAlive(): boolean {
    return this.#process !== undefined && this.#process.state !== 'dead'
  }

  get isAsking(): boolean {
    return this.#asking.size > 0
  }

  /** Begins a new life. */
  boot(): void {
    const { scheduler, profile } = this.#site.world
    const name = `${this.name}.${++this.#life}`
    const process = scheduler.spawn(name, profile.sameHost ? this.name : name)
    this.#process = process
    this.#isBroken = false
    scheduler.soon(process, () => {
      this.#start(process).catch((error: unknown) => {
        scheduler.trace.note(process.name, `does not start: ${String(error)}`)
        this.#end(process)
      })
    })
  }

  /** Ends its life without warning. */
  crash(): void {
    this.#site.world.scheduler.trace.note(this.#process!.name, 'CRASHES')
    this.#end(this.#process!)
  }

  /** Its store stops: it cannot do anything any more, and does not know what of the last it did. */
  break(): void {
    const { host, world } = this.#site
    if (host.break === undefined) return
    world.scheduler.trace.note(this.#process!.name, 'has a store that STOPS')
    this.#isBroken = true
    host.break(this.#process!)
  }

  /** Ends its life, if it has none to speak of any more. */
  endIfBroken(): void {
    if (this.isAlive && this.#isBroken) this.crash()
  }

  freeze(): void {
    this.#site.world.scheduler.trace.note(this.#process!.name, 'FREEZES')
    this.#process!.state = 'frozen'
  }

  thaw(): void {
    if (this.#process?.state !== 'frozen') return
    this.#site.world.scheduler.trace.note(this.#process.name, 'THAWS')
    this.#process.state = 'running'
  }

  /** Ends its life in order. */
  stop(): void {
    const { scheduler, violate } = this.#site.world
    const process = this.#process!
    const app = this.#app!
    this.#app = undefined
    scheduler.soon(process, () => {
      scheduler.trace.note(process.name, 'STOPS')
      app
        .stop()
        .catch((error: unknown) => {
          // A store that refuses cannot be told that a lease is given back: it lapses.
          if (!isBusy(error)) violate(`${process.name} did not stop in order: ${String(error)}`)
        })
        .finally(() => {
          scheduler.trace.note(process.name, 'has stopped')
          this.#end(process)
        })
    })
  }

  #end(process: SimulatedProcess): void {
    const { world, todo } = this.#site
    this.#app = undefined
    world.scheduler.kill(process)
    this.#site.host.died(process)
    world.broker?.died(process)
    // Whoever comes after it may ask again for what has an id of its own choice.
    for (const operation of this.#asking) if (operation.chosenIds) todo.push(operation)
    this.#asking.clear()
  }

  async #start(process: SimulatedProcess): Promise<void> {
    const { host, world, routes, source } = this.#site
    const { profile, scheduler, newId, random, isHealed, broker } = world
    const note = (what: string): void => scheduler.trace.note(process.name, what)
    const log =
      (level: string) =>
      (text: string, fields: object = {}): void =>
        note(`${level}: ${text} ${told(fields)}`)
    const sleep = (ms: number): Promise<void> =>
      new Promise((resolve) => {
        scheduler.after(process, ms, resolve)
      })
    const die = (): void => {
      if (process.state !== 'dead') this.crash()
    }
    const begins = (service: string): unknown => this.#site.handling.set(service, process.name)
    const services = servicesOf(profile, { sleep, note, begins, newText: newId, die, isHealed })
    const app = millrace({
      store: host.engineFor(process),
      services,
      source,
      ...(broker !== undefined && { transports: { broker: broker.engineFor(process) }, routes }),
      clock: scheduler.clockOf(process),
      newId,
      random,
      // The watchdog watches real time.
      blockedAfterMs: 0,
      drainMs: profile.drainMs,
      logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    })
    await app.start()
    note('is up')
    this.#app = app
    const options: ClientOptions = {
      app,
      process: process.name,
      recorder: this.#site.recorder,
      newOperationId: newId,
      elapsedMs: () => scheduler.elapsedMs,
      startMs: world.startMs,
      jumps: profile.faults.jump > 0,
      acknowledged: this.#site.acknowledged,
      fails: profile.trouble > 0 || profile.poison > 0 || profile.repeats || profile.timeoutMs < longestMs,
      services: new Map(services.map((service) => [service.name, service])),
      note,
      sleep,
    }
    for (let number = 0; number < profile.inFlight; number++) void this.#ask(options)
    if (this.#reads) {
      this.#read(process, app).catch((error: unknown) => {
        if (!isMillraceError(error, 'STORE_STOPPED')) world.violate(`${process.name} cannot read on: ${String(error)}`)
      })
    }
  }

  /** Asks for one operation after the other, as long as there are any. */
  async #ask(options: ClientOptions): Promise<void> {
    const { world, todo } = this.#site
    const { profile, random, violate, isHealed } = world
    const { app, sleep, process } = options
    const pauseMs = (2 * profile.activeMs * profile.inFlight * profile.nodes) / profile.operations
    const idleMs = 200
    for (;;) {
      await sleep(todo.length === 0 ? idleMs : isHealed() ? 1 : random() * pauseMs)
      if (this.#app !== app) return
      const operation = todo.shift()
      if (operation === undefined) continue
      this.#asking.add(operation)
      const { outcome, wrong } = await perform(operation, options)
      this.#asking.delete(operation)
      if (wrong !== undefined) violate(`${process}: ${wrong}`)
      if (outcome !== 'ok' && operation.chosenIds) todo.push(operation)
    }
  }

  async #read(process: SimulatedProcess, app: Application): Promise<void> {
    const { recorder } = this.#site
    for await (const { event, position } of app.events('sim.**', { from: 'beginning' })) {
      recorder.saw(process.name, 0, [{ position, message: (event.data as Said).token }])
    }
  }
}

function isBusy(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isBusy)
  return isMillraceError(error, 'STORE_BUSY') || isMillraceError(error, 'STORE_OVERLOADED')
}

function told(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value instanceof Error ? value.message : JSON.stringify(value)}`)
    .join(' ')
}
