import type { Route } from 'millrace'
import { type HistoryRecorder, recordHistory } from '../../src/history/index.ts'
import { randomFor } from '../profile.ts'
import type { StoreHost } from '../store/host.ts'
import { Node } from './node.ts'
import { type PlannedOperation, planOperations } from './operations.ts'
import { Operator } from './operator.ts'
import type { SiteParts, World } from './parts.ts'

/** The topics that go from site to site. */
export const routedTopics: readonly string[] = ['sim.orders', 'sim.entries', 'sim.notes']

/** An application with its store, in several processes, and with those who use it. */
export class Site implements SiteParts {
  readonly name: string
  readonly world: World
  readonly host: StoreHost
  readonly source: string
  /** Whether its events go out to the broker, and whether events come in from there. */
  readonly sends: boolean
  readonly receives: boolean
  readonly routes: readonly Route[]
  readonly nodes: readonly Node[]
  readonly operator: Operator
  readonly recorder: HistoryRecorder = recordHistory()
  readonly acknowledged = new Set<string>()
  readonly handling = new Map<string, string>()
  readonly todo: PlannedOperation[]

  constructor(name: string, world: World, host: StoreHost, ways: { readonly out: boolean; readonly in: boolean }) {
    const { seed, leaseMs, nodes } = world.profile
    this.name = name
    this.world = world
    this.host = host
    this.source = `/${name}`
    this.sends = ways.out
    this.receives = ways.in
    this.routes = [
      ...(ways.out ? [{ topics: routedTopics, to: 'broker', leaseMs }] : []),
      ...(ways.in ? [{ topics: 'sim.*', from: 'broker', group: name, start: 'beginning', leaseMs } as const] : []),
    ]
    this.nodes = Array.from({ length: nodes }, (_, number) => new Node(`${name}${number + 1}`, this, number === 0))
    this.operator = new Operator(this, randomFor(seed, `operator ${name}`))
    this.todo = planOperations(world.profile, name)
  }

  /** Everything was asked, and somebody is there to handle it. */
  get isWaiting(): boolean {
    return this.todo.length === 0 && this.nodes.every((node) => node.isUp && !node.isAsking)
  }
}
