import {
  deliver,
  type Plan,
  planOf,
  type Runtime,
  type Service,
  type Subscription,
  Turns,
  Watchdog,
} from '../delivery/index.ts'
import {
  answering,
  Backpressure,
  Documents,
  Publisher,
  Requester,
  replyToGivenUp,
  Scheduler,
} from '../messaging/index.ts'
import type { LeaseOwner, Store } from '../store/index.ts'
import { leavingTopics, Topology } from '../topology/index.ts'
import type { OpenEngine } from '../transport/index.ts'
import { Admission } from './admission.ts'
import type { Settings } from './config.ts'
import type { Contracts } from './contracts.ts'
import { registerHandlers } from './handler-registry.ts'
import { leaseOwner } from './owner.ts'
import { RetentionSweeper } from './retention.ts'

const longestIntervalMs = 2 ** 31 - 1
/** A handler that has run this long in its trial most likely does not kill the process. */
const trialMs = 1_000

/** The parts of a running application, put together and taken apart in order. */
export class Running {
  readonly store: Store
  readonly publisher: Publisher
  readonly requester: Requester
  readonly scheduler: Scheduler
  readonly documents: Documents
  readonly subscriptions = new Map<string, Subscription>()
  readonly #admission: Admission
  /** Nothing else that waits keeps the process alive: an application runs until it is stopped, as a server does. */
  #keepAlive: NodeJS.Timeout | undefined
  readonly #settings: Settings
  readonly #contracts: Contracts
  readonly #runtime: Runtime
  readonly #owner: LeaseOwner
  readonly #backpressure: Backpressure
  readonly #retention: RetentionSweeper
  readonly #watchdog: Watchdog | undefined
  readonly #topology: Topology

  constructor(engine: OpenEngine, settings: Settings, contracts: Contracts) {
    const { clock, logger, newId, random, source, maxEventBytes, retention, blockedAfterMs, blockedExitMs } = settings
    const { store, log } = engine
    this.#admission = new Admission(store, contracts, clock, logger, leavingTopics(settings.routes))
    const composer = { clock, newId, maxEventBytes, admit: this.#admission.admit }
    this.store = store
    this.#settings = settings
    this.#contracts = contracts
    this.#owner = leaseOwner(newId)
    this.#watchdog = blockedAfterMs > 0 ? new Watchdog(clock, logger, { blockedAfterMs, blockedExitMs }) : undefined
    this.#runtime = {
      store,
      log,
      composer,
      clock,
      logger,
      random,
      source,
      watchdog: this.#watchdog,
      trials: new Turns(clock, trialMs),
    }
    this.#backpressure = new Backpressure(store)
    this.#retention = new RetentionSweeper(store, clock, logger, retention)
    this.publisher = new Publisher(store, composer, source, this.#backpressure)
    this.requester = new Requester(store, clock, logger, this.#owner.instance, (message) =>
      this.publisher.publish(message),
    )
    this.scheduler = new Scheduler(store, clock, logger)
    this.documents = new Documents(store)
    const { transports, routes, drainMs } = settings
    this.#topology = new Topology({
      transports,
      routes,
      maxEventBytes,
      drainMs,
      newId,
      environment: { clock, newId, logger },
      runtime: this.#runtime,
      owner: this.#owner,
      backpressure: this.#backpressure,
    })
  }

  /** Everything that runs under a lease: services, outboxes and inboxes. */
  get leased(): readonly Subscription[] {
    return [...this.subscriptions.values(), ...this.#topology.subscriptions]
  }

  /** Makes the store ready to publish and to read. */
  async prepare(): Promise<void> {
    await this.#topology.prepare()
  }

  /** Begins to deliver. */
  async deliver(): Promise<void> {
    const { services } = this.#settings
    this.#keepAlive = setInterval(() => {}, longestIntervalMs)
    await this.#topology.open()
    await this.register(services)
    this.#watchdog?.start()
    await allOf(services.map((service) => this.subscribe(service)))
    await this.#topology.start()
    this.scheduler.start()
    this.#retention.start()
  }

  /** Compares all contracts with what was published, and notes who handles which command. */
  async register(services: readonly Service[]): Promise<void> {
    // Side by side, so that they share commits.
    await allOf(this.#contracts.all().map((contract) => this.#admission.register(contract)))
    const names = [...this.subscriptions.keys(), ...services.map(({ name }) => name)]
    await registerHandlers(this.store, this.#contracts, names, this.#settings.logger)
  }

  /** Takes up a service, whose contracts are registered already. */
  async subscribe(service: Service): Promise<void> {
    const plan = this.#plan(service)
    const subscription = deliver(plan, this.#runtime, this.#owner)
    await subscription.start()
    this.subscriptions.set(service.name, subscription)
    if (plan.maxLag !== undefined) this.#backpressure.limit(plan.name, plan.topics, plan.maxLag)
  }

  async unsubscribe(name: string): Promise<void> {
    const subscription = this.subscriptions.get(name)
    this.subscriptions.delete(name)
    this.#backpressure.release(name)
    await subscription?.stop(this.#settings.drainMs)
  }

  /** Lets handlers finish, gives leases back, closes the store: each in spite of what fails before it. */
  async stop(): Promise<void> {
    const errors: unknown[] = []
    const attempt = async (step: () => Promise<unknown>): Promise<void> => {
      try {
        await step()
      } catch (error) {
        errors.push(error)
      }
    }
    await Promise.all([
      attempt(() => this.#topology.stop()),
      ...[...this.subscriptions.keys()].map((name) => attempt(() => this.unsubscribe(name))),
    ])
    this.requester.stop()
    await attempt(() => this.scheduler.stop())
    await attempt(() => this.#retention.stop())
    await attempt(async () => this.#watchdog?.stop())
    await attempt(() => this.store.close())
    clearInterval(this.#keepAlive)
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, 'The application did not stop in order')
  }

  #plan(service: Service): Plan {
    const { composer, source } = this.#runtime
    return planOf(service, this.#contracts.find, this.#settings.middleware, answering, (record, error) =>
      replyToGivenUp(composer, source, record, error),
    )
  }
}

/** Waits for all, and throws the first error of them in their order. */
async function allOf(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
