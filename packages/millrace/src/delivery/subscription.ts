import { isMillraceError, type MillraceError } from '../base/index.ts'
import type { Change, LeaseOwner } from '../store/index.ts'
import { type Probe, probeOf } from './failure/pause.ts'
import type { Plan } from './plan.ts'
import type { Runtime } from './runtime.ts'
import type { Lease, TenureEvents } from './tenure.ts'

/** Where a subscription stands. */
export type SubscriptionPhase = 'starting' | 'standby' | 'running' | 'paused' | 'restarting' | 'failed' | 'stopped'

/** What a subscription needs to know of itself. */
export interface SubscriptionPlan extends Pick<Plan, 'name' | 'topics'> {
  readonly options: Pick<Plan['options'], 'leaseMs' | 'whenHeld' | 'from'>
}

/** What is done in the time under one epoch of the lease. */
export interface TenureWork {
  /** Begins. What it throws ends the tenure. */
  start(paused: boolean): Promise<void>
  pause(): void
  resume(): void
  /** Takes notice of a change by an operator or another process; so many deliveries are kept apart now. */
  follow(pending: number): Promise<void>
  /** Tries one kept delivery although the subscription is paused. Resolves with whether it is kept no more. */
  probe(position: number): Promise<boolean>
  /** Begins nothing more, and waits for what is under way up to `drainMs`. */
  stop(drainMs: number): Promise<void>
  /** The epoch is over: nothing more can be committed. */
  abandon(reason: unknown): void
}

/** Makes what is done under a lease that was just taken. */
export type BeginTenure = (lease: Lease, on: TenureEvents) => TenureWork

/** A process that stands by looks this often whether the lease is free. */
const standbyMs = 1_000
/** After an error that is nobody's decision, a subscription starts again after this time, doubled each time. */
const restartMs = { first: 100, longest: 10_000 }

/**
 * A durable subscription of this application: it takes the lease, runs a tenure under it, renews it, follows what
 * operators do to it, and begins a new tenure when the old one was fenced.
 */
export class Subscription {
  readonly #plan: SubscriptionPlan
  readonly #runtime: Pick<Runtime, 'store' | 'clock' | 'logger'>
  readonly #owner: LeaseOwner
  readonly #beginTenure: BeginTenure
  #phase: SubscriptionPhase = 'starting'
  #error: unknown
  #epoch = 0
  #tenure: TenureWork | undefined
  #failures = 0
  #beginning: Promise<void> | undefined
  #cancelProbe: (() => void) | undefined
  #cancelRenewal: (() => void) | undefined
  #cancelWait: (() => void) | undefined
  #stopListening: (() => void) | undefined
  #following: Promise<void> | undefined
  #followAgain = false

  constructor(
    plan: SubscriptionPlan,
    runtime: Pick<Runtime, 'store' | 'clock' | 'logger'>,
    owner: LeaseOwner,
    beginTenure: BeginTenure,
  ) {
    this.#plan = plan
    this.#runtime = runtime
    this.#owner = owner
    this.#beginTenure = beginTenure
  }

  get name(): string {
    return this.#plan.name
  }

  get phase(): SubscriptionPhase {
    return this.#phase
  }

  /** What ended it, or what it waits for. */
  get error(): unknown {
    return this.#error
  }

  /** @throws LEASE_HELD when another process has it and `whenHeld` is `refuse` */
  async start(): Promise<void> {
    this.#stopListening = this.#runtime.store.onCommit((change) => this.#onCommit(change))
    try {
      await this.#beginUnlessFenced()
    } catch (error) {
      if (isMillraceError(error, 'LEASE_HELD') && this.#plan.options.whenHeld === 'wait') {
        this.#standBy(error)
        return
      }
      this.#stopListening()
      this.#phase = 'failed'
      throw error
    }
  }

  /** Finishes what is under way, up to `drainMs`, and gives the lease back. */
  async stop(drainMs: number): Promise<void> {
    this.#phase = 'stopped'
    this.#stopListening?.()
    this.#cancelWait?.()
    this.#cancelProbe?.()
    // What one that is just beginning fails with is told to whoever began it.
    await this.#beginning?.catch(() => {})
    // The lease is renewed until all is done: nobody else is to begin what is still being finished here.
    await this.#tenure?.stop(drainMs)
    this.#cancelRenewal?.()
    if (this.#tenure === undefined) return
    this.#tenure = undefined
    await this.#giveBack()
  }

  async #giveBack(): Promise<void> {
    try {
      await this.#runtime.store.commit({ leases: [{ kind: 'release', name: this.#lease, epoch: this.#epoch }] })
    } catch (error) {
      // A lost lease is somebody else's to release; a stopped store keeps it until it lapses.
      if (isMillraceError(error, 'LEASE_LOST') || isMillraceError(error, 'STORE_STOPPED')) return
      if (!isMillraceError(error, 'STORE_BUSY')) throw error
      // So does one that another program has to itself: no reason not to stop.
      this.#runtime.logger.warn('A lease could not be given back, and lapses', { subscription: this.name, error })
    }
  }

  #isStopped(): boolean {
    return this.#phase === 'stopped'
  }

  get #lease(): string {
    return `subscription:${this.#plan.name}`
  }

  /** An operator may rewind, or another process take over, between the lease and the first delivery: then it begins anew. */
  async #beginUnlessFenced(): Promise<void> {
    for (;;) {
      try {
        return await this.#begin()
      } catch (error) {
        if (!isMillraceError(error, 'LEASE_LOST') || this.#isStopped()) throw error
      }
    }
  }

  #begin(): Promise<void> {
    this.#beginning = this.#takeOver().finally(() => {
      this.#beginning = undefined
    })
    return this.#beginning
  }

  async #takeOver(): Promise<void> {
    const { store } = this.#runtime
    const { name, topics, options } = this.#plan
    const { epochs } = await store.commit({
      leases: [{ kind: 'acquire', name: this.#lease, owner: this.#owner, ttlMs: options.leaseMs }],
      subscriptions: [{ kind: 'ensure', name, topics, from: options.from }],
    })
    const { epoch, clean } = epochs[0]!
    this.#epoch = epoch
    const head = clean ? 0 : await store.locate('now')
    const tenure: TenureWork = this.#beginTenure(
      { epoch, clean, head },
      {
        lost: (error) => this.#onLost(tenure, error),
        paused: (probe) => this.#onPaused(tenure, probe),
      },
    )
    this.#tenure = tenure
    const status = await store.readSubscription(name, 0)
    const paused = status?.paused ?? null
    try {
      await tenure.start(paused !== null)
    } catch (error) {
      this.#tenure = undefined
      tenure.abandon(error)
      await this.#giveBack()
      throw error
    }
    if (this.#isStopped() || this.#tenure !== tenure) return
    this.#phase = paused === null ? 'running' : 'paused'
    this.#error = undefined
    this.#renewLater()
    const probe = probeOf(paused)
    if (probe !== undefined) this.#probeLater(tenure, probe)
    // What an operator did while it began was not followed.
    this.#lookAgain()
  }

  #renewLater(): void {
    const tenure = this.#tenure
    const { leaseMs } = this.#plan.options
    this.#cancelRenewal = this.#runtime.clock.after(Math.ceil(leaseMs / 3), () => {
      this.#runtime.store
        .commit({ leases: [{ kind: 'renew', name: this.#lease, epoch: this.#epoch, ttlMs: leaseMs }] })
        .then(() => {
          this.#failures = 0
          if (this.#tenure === tenure) this.#renewLater()
        })
        .catch((error: unknown) => {
          if (tenure !== undefined) this.#onLost(tenure, error)
        })
    })
  }

  #onLost(tenure: TenureWork, error: unknown): void {
    if (this.#tenure !== tenure) return
    this.#tenure = undefined
    this.#cancelRenewal?.()
    tenure.abandon(error)
    if (this.#isStopped()) return
    this.#error = error
    if (isMillraceError(error, 'STORE_STOPPED')) {
      this.#phase = 'failed'
      this.#runtime.logger.error('A subscription has ended with its store', { subscription: this.name, error })
      return
    }
    this.#phase = 'restarting'
    if (isMillraceError(error, 'LEASE_LOST')) {
      this.#runtime.logger.warn('A subscription was fenced and starts again', { subscription: this.name, error })
      this.#again(0)
    } else {
      this.#runtime.logger.error('A subscription failed and starts again', { subscription: this.name, error })
      this.#again(Math.min(restartMs.longest, restartMs.first * 2 ** this.#failures++))
    }
  }

  #again(delayMs: number): void {
    this.#cancelWait?.()
    this.#cancelWait = this.#runtime.clock.after(delayMs, () => {
      this.#beginUnlessFenced().catch((error: unknown) => {
        if (this.#phase === 'stopped') return
        if (isMillraceError(error, 'LEASE_HELD')) this.#standBy(error)
        else if (isMillraceError(error, 'STORE_STOPPED')) {
          this.#phase = 'failed'
          this.#error = error
        } else {
          this.#runtime.logger.error('A subscription could not start again', { subscription: this.name, error })
          this.#again(Math.min(restartMs.longest, restartMs.first * 2 ** this.#failures++))
        }
      })
    })
  }

  #standBy(error: MillraceError<'LEASE_HELD'>): void {
    if (this.#phase !== 'standby')
      this.#runtime.logger.info('A subscription stands by', { subscription: this.name, owner: error.fields })
    this.#phase = 'standby'
    this.#error = error
    this.#again(standbyMs)
  }

  #onCommit(change: Change): void {
    if (change.control === 'any' || change.control.has(this.name)) this.#lookAgain()
  }

  #lookAgain(): void {
    if (this.#tenure === undefined) return
    if (this.#following !== undefined) {
      this.#followAgain = true
      return
    }
    this.#following = this.#follow()
      .catch((error: unknown) =>
        this.#runtime.logger.error('A subscription could not be followed', { subscription: this.name, error }),
      )
      .finally(() => {
        this.#following = undefined
        if (!this.#followAgain) return
        this.#followAgain = false
        this.#lookAgain()
      })
  }

  /** Takes notice of what an operator or another process did to the subscription. */
  async #follow(): Promise<void> {
    // Once all promises of this turn have been told, the commits of this process are settled here, too, and the two sides
    // can be compared; that is before anything else is committed or delivered.
    await new Promise<void>((resolve) => process.nextTick(resolve))
    const status = await this.#runtime.store.readSubscription(this.name, 0)
    const tenure = this.#tenure
    if (status === undefined || tenure === undefined) return
    if (status.paused !== null && this.#phase === 'running') {
      this.#phase = 'paused'
      tenure.pause()
    } else if (status.paused === null && this.#phase === 'paused') {
      this.#phase = 'running'
      tenure.resume()
    }
    await tenure.follow(status.pending)
  }

  #onPaused(tenure: TenureWork, probe: Probe | undefined): void {
    if (this.#tenure !== tenure) return
    tenure.pause()
    this.#phase = 'paused'
    this.#runtime.logger.warn('A subscription is paused by an error', { subscription: this.name, probe })
    if (probe !== undefined) this.#probeLater(tenure, probe)
  }

  /** A circuit breaker's half-open state: one delivery decides whether the subscription goes on. */
  #probeLater(tenure: TenureWork, probe: Probe): void {
    this.#cancelProbe?.()
    this.#cancelProbe = this.#runtime.clock.after(probe.afterMs, () => {
      this.#cancelProbe = undefined
      this.#probe(tenure, probe).catch((error: unknown) => this.#onLost(tenure, error))
    })
  }

  async #probe(tenure: TenureWork, probe: Probe): Promise<void> {
    const { store } = this.#runtime
    const status = await store.readSubscription(this.name, 0)
    // An operator may have resumed it, or paused it for a reason of their own.
    if (this.#tenure !== tenure || probeOf(status?.paused ?? null)?.position !== probe.position) return
    if (await tenure.probe(probe.position)) {
      await store.commit({ subscriptions: [{ kind: 'resume', name: this.name }] })
    } else if (this.#tenure === tenure && this.#cancelProbe === undefined) {
      // It failed in another way, which paused nothing anew.
      this.#probeLater(tenure, probe)
    }
  }
}
