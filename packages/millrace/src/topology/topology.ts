import { isMillraceError, type NewId } from '../base/index.ts'
import { Subscription, type SubscriptionPlan } from '../delivery/index.ts'
import type { Backpressure } from '../messaging/index.ts'
import type { LeaseOwner, Store } from '../store/index.ts'
import type { BrokerTransport, Environment, TransportEngine } from '../transport/index.ts'
import { InboxTenure } from './inbox.ts'
import { OutboxTenure, type RouteRuntime } from './outbox.ts'
import { assertCapabilities, isOutbox, type OutboxRoute, type Route, topicsOf, transportNameOf } from './route.ts'

/** Below which Millrace keeps what is its own: no service has such a name. */
const outboxName = (transport: string): string => `_millrace.outbox.${transport}`
const inboxName = (transport: string, group: string): string => `_millrace.inbox.${transport}.${group}`
const defaultLeaseMs = 10_000

/** The outbox of one transport. */
interface OutboxPlan extends SubscriptionPlan {
  readonly to: string
  /** Publishers to its topics wait while more events than this are not relayed. */
  readonly maxLag: number
}

export interface TopologyOptions {
  readonly transports: Readonly<Record<string, TransportEngine>>
  readonly routes: readonly Route[]
  readonly maxEventBytes: number
  readonly drainMs: number
  readonly newId: NewId
  readonly environment: Environment
  readonly runtime: Omit<RouteRuntime, 'storeId'>
  readonly owner: LeaseOwner
  readonly backpressure: Backpressure
}

/** The ways between the log and other transports: an outbox for each transport that events go to, an inbox for each group. */
export class Topology {
  readonly subscriptions: Subscription[] = []
  readonly #options: TopologyOptions
  readonly #transports = new Map<string, BrokerTransport>()

  constructor(options: TopologyOptions) {
    this.#options = options
  }

  /**
   * Makes the outboxes known to the store, so that from now on nothing is published that they miss, whether or not they run
   * in this process.
   */
  async prepare(): Promise<void> {
    const subscriptions = this.#outboxes().map(
      ({ name, topics, options: { from } }) => ({ kind: 'ensure', name, topics, from }) as const,
    )
    if (subscriptions.length > 0) await this.#options.runtime.store.commit({ subscriptions })
  }

  /**
   * Opens the transports and compares them with what the routes need, before anything runs.
   * @throws CAPABILITY_MISSING, and what a transport throws when its options are wrong
   */
  async open(): Promise<void> {
    const { transports, routes, environment, maxEventBytes } = this.#options
    const used = new Set(routes.map(transportNameOf))
    for (const name of used) this.#transports.set(name, await transports[name]!.open(environment))
    for (const route of routes) assertCapabilities(route, this.#transportOf(route).capabilities, maxEventBytes)
  }

  async start(): Promise<void> {
    const { routes, runtime, newId } = this.#options
    if (routes.length === 0) return
    const shared: RouteRuntime = { ...runtime, storeId: await storeIdOf(runtime.store, newId) }
    for (const plan of this.#outboxes()) await this.#startOutbox(plan, shared)
    for (const route of routes) if (!isOutbox(route)) await this.#startInbox(route, shared)
  }

  /** Lets what is under way come to its end, then closes the transports; each in spite of what fails before it. */
  async stop(): Promise<void> {
    const { drainMs } = this.#options
    const stopped = await Promise.allSettled(this.subscriptions.map((subscription) => subscription.stop(drainMs)))
    const closed = await Promise.allSettled([...this.#transports.values()].map((transport) => transport.close()))
    const errors = [...stopped, ...closed].flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, 'The routes did not stop in order')
  }

  #transportOf(route: Route): BrokerTransport {
    return this.#transports.get(transportNameOf(route))!
  }

  /** One for each transport that events go to, whatever the number of its routes: so they keep the order of the log. */
  #outboxes(): readonly OutboxPlan[] {
    const byTransport = Map.groupBy(this.#options.routes.filter(isOutbox), ({ to }) => to)
    return [...byTransport].map(([to, routes]) => ({
      name: outboxName(to),
      to,
      topics: [...new Set(routes.flatMap(topicsOf))],
      maxLag: Math.min(...routes.map(({ maxLag = Number.POSITIVE_INFINITY }) => maxLag)),
      options: {
        leaseMs: Math.min(...routes.map(({ leaseMs = defaultLeaseMs }) => leaseMs)),
        whenHeld: 'wait',
        from: startOf(routes),
      },
    }))
  }

  async #startOutbox(plan: OutboxPlan, runtime: RouteRuntime): Promise<void> {
    const { name, topics, to, maxLag } = plan
    const outbox = { name, topics, to, transport: this.#transports.get(to)! }
    if (maxLag < Number.POSITIVE_INFINITY) this.#options.backpressure.limit(name, topics, maxLag)
    await this.#run(plan, (lease, on) => new OutboxTenure(outbox, runtime, lease, on))
  }

  async #startInbox(route: Exclude<Route, OutboxRoute>, runtime: RouteRuntime): Promise<void> {
    const { from, group, start = 'now', leaseMs = defaultLeaseMs } = route
    const { backpressure } = this.#options
    const name = inboxName(from, group)
    const transport = this.#transportOf(route)
    const inbox = { name, from, group, start, leaseMs, topics: topicsOf(route), transport, backpressure }
    const plan: SubscriptionPlan = { name, topics: [], options: { leaseMs, whenHeld: 'wait', from: 'now' } }
    await this.#run(plan, (lease, on) => new InboxTenure(inbox, runtime, lease, on))
  }

  async #run(plan: SubscriptionPlan, begin: ConstructorParameters<typeof Subscription>[3]): Promise<void> {
    const { runtime, owner } = this.#options
    const subscription = new Subscription(plan, runtime, owner, begin)
    this.subscriptions.push(subscription)
    await subscription.start()
  }
}

/** Routes to one transport have one place in the log: the first one that says where it starts decides. */
const startOf = (routes: readonly OutboxRoute[]) => routes.find(({ start }) => start !== undefined)?.start ?? 'now'

const identity = { collection: '_millrace.store', key: 'id' }

/** The name of the store among others, which it keeps for ever. */
async function storeIdOf(store: Store, newId: NewId): Promise<string> {
  for (;;) {
    const known = await store.readDocument(identity.collection, identity.key)
    if (known !== undefined) return JSON.parse(known.value)
    try {
      await store.commit({ documents: [{ ...identity, value: JSON.stringify(newId()), expected: 0 }] })
    } catch (error) {
      // Another process was faster: its name holds.
      if (!isMillraceError(error, 'VERSION_CONFLICT')) throw error
    }
  }
}
