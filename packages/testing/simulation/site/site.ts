import type { Route } from 'millrace'
import { type HistoryRecorder, recordHistory } from '../../src/history/index.ts'
import type { SimulatedBroker } from '../broker.ts'
import type { Scheduler } from '../machine/scheduler.ts'
import { type Profile, randomFor } from '../profile.ts'
import type { StoreHost } from '../store/host.ts'
import { Node } from './node.ts'
import { type PlannedOperation, planOperations } from './operations.ts'
import { Operator } from './operator.ts'

/** What all sites of a run share. */
export interface World {
  readonly profile: Profile
  readonly scheduler: Scheduler
  /** The wall clock at the start, in milliseconds since 1970. */
  readonly startMs: number
  readonly broker: SimulatedBroker | undefined
  random(): number
  newId(): string
  /** From now on everything goes well. */
  isHealed(): boolean
  /** Something that must never happen. */
  violate(what: string): void
}

/** The topics that go from site to site. */
export const routedTopics: readonly string[] = ['sim.orders', 'sim.entries']

/** An application with its store, in several processes, and with those who use it. */
export class Site {
  readonly name: string
  readonly world: World
  readonly host: StoreHost
  /** Whether its events go out to the broker, and whether events come in from there. */
  readonly sends: boolean
  readonly receives: boolean
  readonly routes: readonly Route[]
  readonly nodes: readonly Node[]
  readonly operator: Operator
  readonly recorder: HistoryRecorder = recordHistory()
  /** Messages that were acknowledged to its clients, and are in the log. */
  readonly acknowledged = new Set<string>()
  /** What is still to be asked of the system, whichever process does it. It is not lost with any of them. */
  readonly todo: PlannedOperation[]

  constructor(name: string, world: World, host: StoreHost, ways: { readonly out: boolean; readonly in: boolean }) {
    this.name = name
    this.world = world
    this.host = host
    this.sends = ways.out
    this.receives = ways.in
    const { leaseMs } = world.profile
    this.routes = [
      ...(ways.out ? [{ topics: routedTopics, to: 'broker', leaseMs }] : []),
      ...(ways.in ? [{ topics: 'sim.*', from: 'broker', group: name, start: 'beginning', leaseMs } as const] : []),
    ]
    const { profile } = world
    this.nodes = Array.from({ length: profile.nodes }, (_, number) => new Node(`${name}${number + 1}`, this))
    this.operator = new Operator(this, randomFor(profile.seed, `operator ${name}`))
    this.todo = planOperations(profile, name)
  }

  /** Tells its events from those of other sites. */
  get source(): string {
    return `/${this.name}`
  }

  /** Everything was asked, and somebody is there to handle it. */
  get isWaiting(): boolean {
    return this.todo.length === 0 && this.nodes.every((node) => node.isUp && !node.isAsking)
  }
}
