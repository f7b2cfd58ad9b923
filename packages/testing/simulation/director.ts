import type { Random } from '../faults/random.ts'
import type { SimulatedBroker } from './broker.ts'
import type { Weather } from './machine/line.ts'
import type { SimulatedProcess } from './machine/process.ts'
import type { Scheduler } from './machine/scheduler.ts'
import { type FaultKind, faultKinds, type Profile } from './profile.ts'
import type { Node } from './site/node.ts'
import type { Site } from './site/site.ts'

/** How often a process that has ended is looked for and started again, when all faults are over. */
const superviseMs = 100

/** How often to look whether another process has taken over from one that is frozen. */
const lookMs = 15

/** Plans and carries out the faults of a run, and ends them all when its time has come. */
export class Director implements Weather {
  readonly #profile: Profile
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #process: SimulatedProcess
  #sites: readonly Site[] = []
  #broker: SimulatedBroker | undefined
  /** Processes that die of one of their next requests, and of which. */
  readonly #doomed = new Map<SimulatedProcess, number>()
  #slowMs = 0
  #jumpedMs = 0
  #highestJumpMs = 0
  #phase: 'active' | 'healed' | 'closed' = 'active'

  constructor(profile: Profile, scheduler: Scheduler, random: Random) {
    this.#profile = profile
    this.#scheduler = scheduler
    this.#random = random
    this.#process = scheduler.spawn('director')
  }

  latencyMs(): number {
    if (this.#slowMs === 0) return 0
    return this.#random.chance(0.2) ? this.#random.between(0, this.#slowMs) : 0
  }

  requested(client: SimulatedProcess): void {
    const left = this.#doomed.get(client)
    if (left === undefined) return
    if (left > 0) {
      this.#doomed.set(client, left - 1)
      return
    }
    this.#doomed.delete(client)
    const node = this.#nodes().find(({ process }) => process === client)
    if (node?.isAlive) this.#end(node)
  }

  mayDie(client: SimulatedProcess): boolean {
    return this.#doomed.has(client)
  }

  /** Plans all faults of the run. */
  begin(sites: readonly Site[], broker: SimulatedBroker | undefined): void {
    this.#sites = sites
    this.#broker = broker
    const { faults, activeMs } = this.#profile
    for (const kind of faultKinds) {
      for (let number = 0; number < faults[kind]; number++) {
        this.#later(this.#random.between(0, activeMs), () => this.#carryOut(kind))
      }
    }
    this.#superviseKilled()
  }

  /** Ends all faults: from here on everything must come to rest. */
  heal(): void {
    this.#phase = 'healed'
    this.#slowMs = 0
    this.#doomed.clear()
    // Leases and retries go by the wall clock: one that stays back would make them wait for as long.
    this.#jump(this.#highestJumpMs - this.#jumpedMs)
    this.#broker?.heal()
    for (const node of this.#nodes()) {
      node.thaw()
      node.endIfBroken()
    }
    this.#scheduler.trace.note('director', 'HEALS')
    this.#supervise()
  }

  /** The run ends: what stops now stays so. */
  close(): void {
    this.#phase = 'closed'
  }

  #nodes(): readonly Node[] {
    return this.#sites.flatMap(({ nodes }) => nodes)
  }

  #supervise(): void {
    if (this.#phase === 'closed') return
    for (const node of this.#nodes()) if (!node.isAlive) node.boot()
    this.#later(superviseMs, () => this.#supervise())
  }

  /** Whoever is killed by what it handles is started again, too. */
  #superviseKilled(): void {
    if (this.#phase !== 'active' || this.#profile.poison === 0) return
    for (const node of this.#nodes()) if (!node.isAlive && this.#random.chance(0.5)) node.boot()
    this.#later(this.#profile.leaseMs / 2, () => this.#superviseKilled())
  }

  #later(delayMs: number, task: () => void): void {
    this.#scheduler.after(this.#process, delayMs, task)
  }

  #carryOut(kind: FaultKind): void {
    if (this.#phase !== 'active') return
    this.#faults[kind](this.#random.pick(this.#sites))
  }

  readonly #faults: Readonly<Record<FaultKind, (site: Site) => void>> = {
    crash: (site) => this.#crash(site),
    freeze: (site) => this.#freeze(site),
    stop: (site) => this.#stop(site),
    break: (site) => this.#break(site),
    refuse: (site) => {
      this.#scheduler.trace.note('director', `the store of ${site.name} REFUSES`)
      site.host.refuse(this.#random.between(0, this.#profile.activeMs / 4))
    },
    slow: () => {
      this.#scheduler.trace.note('director', 'everything is SLOW')
      this.#slowMs = this.#random.pick([5, 50, 3 * this.#profile.leaseMs])
      this.#later(this.#random.between(0, this.#profile.activeMs / 2), () => {
        this.#slowMs = 0
      })
    },
    jump: () => this.#jump(this.#random.pick([-3_600_000, -500, 500, 3_600_000])),
    operate: (site) => site.operator.operate(),
    outage: () => {
      this.#broker?.misbehave()
      if (this.#random.chance(0.5)) this.#broker?.outage(this.#random.between(0, this.#profile.activeMs / 2))
    },
    // Deliveries do that by themselves.
    kill: () => {},
  }

  #crash(site: Site): void {
    const alive = site.nodes.filter(({ isAlive }) => isAlive)
    if (alive.length === 0) return
    const node = this.#random.pick(alive)
    if (this.#random.chance(0.5)) this.#end(node)
    else this.#doomed.set(node.process!, this.#random.below(6))
  }

  #end(node: Node): void {
    node.crash()
    this.#later(this.#random.between(0, 3 * this.#profile.leaseMs), () => {
      if (!node.isAlive && this.#phase === 'active') node.boot()
    })
  }

  #freeze(site: Site): void {
    const up = site.nodes.filter(({ isUp }) => isUp)
    if (up.length === 0) return
    const node = this.#random.pick(up)
    const { name } = node.process!
    const held = [...site.handling].filter(([, process]) => process === name).map(([service]) => service)
    node.freeze()
    const { chance, between } = this.#random
    if (held.length === 0 || chance(0.5)) {
      this.#later(between(0, 4 * this.#profile.leaseMs), () => node.thaw())
      return
    }
    // It comes back when another one has just taken over, and does not know it yet.
    const look = (): void => {
      const isTakenOver = held.some((service) => site.handling.get(service) !== name)
      if (isTakenOver) this.#later(between(0, lookMs), () => node.thaw())
      else this.#later(lookMs, look)
    }
    look()
  }

  #stop(site: Site): void {
    const up = site.nodes.filter(({ isUp }) => isUp)
    if (up.length === 0) return
    const node = this.#random.pick(up)
    node.stop()
    this.#later(this.#profile.drainMs + this.#random.between(0, this.#profile.leaseMs), () => {
      if (!node.isAlive && this.#phase === 'active') node.boot()
    })
  }

  #break(site: Site): void {
    const up = site.nodes.filter(({ isUp }) => isUp)
    if (up.length === 0) return
    const node = this.#random.pick(up)
    node.break()
    this.#later(this.#random.between(0, 2 * this.#profile.leaseMs), () => {
      node.endIfBroken()
      if (!node.isAlive && this.#phase === 'active') node.boot()
    })
  }

  #jump(ms: number): void {
    if (ms === 0) return
    this.#scheduler.trace.note('director', `the clock JUMPS by ${ms} ms`)
    this.#scheduler.jump(ms)
    this.#jumpedMs += ms
    this.#highestJumpMs = Math.max(this.#highestJumpMs, this.#jumpedMs)
  }
}
