import type { Finding, FindingKind } from '../src/history/index.ts'
import { SimulatedBroker } from './broker.ts'
import { Director } from './director.ts'
import { checkRelay, checkSite, countEffects, effectTable, type Logged, logOf } from './history.ts'
import { trackConnections } from './machine/connections.ts'
import { simulateGlobals } from './machine/globals.ts'
import { Scheduler } from './machine/scheduler.ts'
import { type FaultKind, type Profile, profileOf, randomFor } from './profile.ts'
import type { World } from './site/parts.ts'
import { routedTopics, Site } from './site/site.ts'
import { environmentOf } from './store/host.ts'
import { StoreOnFile } from './store/on-file.ts'
import { ServedStore } from './store/served.ts'

/** What a run of one seed came to. */
export interface SeedRun {
  readonly seed: number
  readonly findings: readonly Finding[]
  /** Two runs of a seed have the same one, unless something depends on more than the seed. */
  readonly fingerprint: string
  readonly counts: Readonly<Record<'steps' | 'operations' | 'events' | 'effects' | 'crashes' | 'simulatedMs', number>>
  readonly profile: Profile
  /** What happened, a line each. */
  readonly trace: readonly string[]
}

const startMs = Date.UTC(2025, 0, 1)
/** In so many simulated milliseconds after the last fault everything must be handled, whatever happened before. */
const restWithinMs = 30_000
/** And in so many tasks: what goes round in circles does not come to rest. */
const mostSteps = 400_000
const tidyEveryMs = 100

/**
 * Runs one seed: a whole system with its faults, from the first message until it is at rest, and checks its history. It
 * takes the timers of the platform for itself, so that one seed at a time runs in a thread.
 * @param options.without kinds of faults to leave out
 */
export async function runSeed(
  seed: number,
  options: { readonly without?: readonly FaultKind[] } = {},
): Promise<SeedRun> {
  const scheduler = new Scheduler(randomFor(seed, 'scheduler'), startMs)
  const { next: random } = randomFor(seed, 'chance')
  const restoreGlobals = simulateGlobals(scheduler, random)
  const run = new Run(profileOf(seed, options.without), scheduler, random)
  try {
    return await run.run()
  } finally {
    run.end()
    restoreGlobals()
  }
}

class Run {
  readonly #profile: Profile
  readonly #scheduler: Scheduler
  readonly #connections: ReturnType<typeof trackConnections>
  readonly #findings: Finding[] = []
  readonly #director: Director
  readonly #broker: SimulatedBroker | undefined
  readonly #sites: readonly Site[]
  readonly #onRejection = (error: unknown): void => this.#violate(`nobody handles the rejection ${told(error)}`)
  #ids = 0
  #effects = 0
  #isHealed = false

  constructor(profile: Profile, scheduler: Scheduler, random: () => number) {
    const { seed, sites, faults } = profile
    this.#profile = profile
    this.#scheduler = scheduler
    this.#connections = trackConnections(scheduler)
    this.#director = new Director(profile, scheduler, randomFor(seed, 'director'))
    this.#broker = sites === 'one' ? undefined : new SimulatedBroker(scheduler, seed, faults.outage > 0, this.#director)
    const world: World = {
      profile,
      scheduler,
      startMs,
      broker: this.#broker,
      random,
      newId: () => this.#newId(),
      isHealed: () => this.#isHealed,
      violate: (what) => this.#violate(what),
    }
    const bothWays = sites === 'both ways'
    const site = (name: string, ways: { readonly out: boolean; readonly in: boolean }): Site =>
      new Site(name, world, this.#host(name), ways)
    this.#sites =
      sites === 'one'
        ? [site('a', { out: false, in: false })]
        : [site('a', { out: true, in: bothWays }), site('b', { out: bothWays, in: true })]
    process.on('unhandledRejection', this.#onRejection)
  }

  async run(): Promise<SeedRun> {
    const { seed, activeMs } = this.#profile
    for (const { host } of this.#sites) {
      const { store } = await host.open()
      await store.commit({ sql: [{ text: effectTable, parameters: [] }] })
    }
    for (const { nodes } of this.#sites) for (const node of nodes) node.boot()
    this.#director.begin(this.#sites, this.#broker)
    await this.#until(() => false, activeMs)
    this.#isHealed = true
    this.#director.heal()
    const rests = await this.#rest()
    if (rests) await this.#stop()
    const logs = await Promise.all(this.#sites.map(async ({ host }) => logOf(await host.open())))
    await this.#check(logs, rests)
    const { trace, steps, elapsedMs } = this.#scheduler
    return {
      seed,
      findings: this.#findings,
      fingerprint: trace.fingerprint,
      counts: {
        steps,
        simulatedMs: Math.round(elapsedMs),
        operations: this.#sites.length * this.#profile.operations,
        events: logs.reduce((sum, log) => sum + log.length, 0),
        effects: this.#effects,
        crashes: trace.lines.filter((line) => line.endsWith('CRASHES')).length,
      },
      profile: this.#profile,
      trace: trace.lines,
    }
  }

  end(): void {
    process.off('unhandledRejection', this.#onRejection)
    this.#connections.stop()
    for (const { host } of this.#sites) host.remove()
  }

  #host(name: string): Site['host'] {
    const { seed, store } = this.#profile
    const observer = this.#scheduler.spawn(`${name}-end`)
    const environment = environmentOf(this.#scheduler, observer, () => this.#newId())
    return store === 'file'
      ? new StoreOnFile(this.#scheduler, name, this.#connections, this.#director, environment)
      : new ServedStore(this.#scheduler, `${name}-store`, randomFor(seed, `store ${name}`), this.#director, environment)
  }

  #newId(): string {
    return `x${String(++this.#ids).padStart(6, '0')}`
  }

  #violate(message: string, kind: FindingKind = 'unexpected'): void {
    this.#scheduler.trace.note('', `VIOLATION ${message}`)
    this.#findings.push({ kind, message, evidence: {} })
  }

  #until(done: () => boolean, untilMs: number): Promise<'done' | 'idle' | 'late'> {
    const { steps } = this.#scheduler
    return this.#scheduler.run(
      () => done() || this.#scheduler.steps - steps > mostSteps,
      untilMs,
      ({ name }, error) => this.#violate(`${name} threw ${told(error)}`),
    )
  }

  /** Waits until everything is handled, and stays so; what only an operator can put right is put right. */
  async #rest(): Promise<boolean> {
    const untilMs = this.#scheduler.elapsedMs + restWithinMs
    let rests = false
    const observer = this.#scheduler.spawn('observer')
    const look = async (before: string | undefined): Promise<void> => {
      // Asked first: what the answer shows may be old when it comes.
      const isWaiting = this.#sites.every((site) => site.isWaiting)
      const seen = await this.#look()
      if (isWaiting && seen !== undefined && seen === before) {
        rests = true
        return
      }
      this.#scheduler.after(observer, tidyEveryMs, () => void look(isWaiting ? seen : undefined))
    }
    void look(undefined)
    const ended = await this.#until(() => rests, untilMs)
    if (!rests) this.#violate(`no rest (${ended}): ${await this.#unrest()}`, 'lost')
    return rests
  }

  /** What there is, in a word, if nothing is left to be done. */
  async #look(): Promise<string | undefined> {
    let open = 0
    const seen: number[] = []
    for (const site of this.#sites) {
      const state = await site.operator.tidy()
      if (state === undefined) return undefined
      open += state.timers + this.#leftFor(site)
      for (const { lag, parked, waiting, dead } of state.subscriptions) open += lag + parked + waiting + dead
      seen.push(state.head)
    }
    seen.push(this.#broker?.size ?? 0)
    return open === 0 ? seen.join() : undefined
  }

  /** How many events the broker still has for a site. One that has not come yet has all before it. */
  #leftFor({ name, receives }: Site): number {
    return receives ? (this.#broker?.unacknowledged(name) ?? 1) : 0
  }

  async #unrest(): Promise<string> {
    const sites = this.#sites.map(async (site) => {
      const { name, todo, nodes, host } = site
      const { store } = await host.open()
      const { subscriptions, timers } = await store.inspect()
      const processes = nodes.map(
        (node) => `${node.process?.name} ${node.process?.state} ${node.isUp} ${node.isAsking}`,
      )
      return `${name}: ${todo.length} to do, ${timers} timers, ${this.#leftFor(site)} in the broker, ${processes.join()}, ${JSON.stringify(subscriptions)}`
    })
    return (await Promise.all(sites)).join('; ')
  }

  async #stop(): Promise<void> {
    this.#director.close()
    const nodes = this.#sites.flatMap((site) => site.nodes)
    for (const node of nodes) node.stop()
    await this.#until(() => nodes.every(({ isAlive }) => !isAlive), this.#scheduler.elapsedMs + restWithinMs)
    const alive = nodes.filter(({ isAlive }) => isAlive).map(({ process }) => process!.name)
    if (alive.length > 0) this.#violate(`${alive.join(', ')} did not stop`)
  }

  async #check(logs: readonly (readonly Logged[])[], settled: boolean): Promise<void> {
    for (const [index, site] of this.#sites.entries()) {
      const other = this.#sites[1 - index]
      const sends = other?.sends === true
      const incoming = logs[1 - index]?.filter(
        ({ topic, source }) => sends && routedTopics.includes(topic) && source === other.source,
      )
      const engine = await site.host.open()
      this.#findings.push(...(await checkSite(site, this.#profile, engine, incoming ?? [], settled)))
      this.#effects += await countEffects(engine)
      if (sends && settled) this.#findings.push(...checkRelay(logs[1 - index]!, logs[index]!, other))
    }
  }
}

const told = (error: unknown): string => (error instanceof Error ? (error.stack ?? String(error)) : String(error))
