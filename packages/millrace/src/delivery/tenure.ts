import { type Clock, type Logger, MillraceError } from '../base/index.ts'
import type { Composer } from '../event/index.ts'
import type { LogRecord, Settlement, Store, StoredDelivery, Unit } from '../store/index.ts'
import type { Consumer, Transport } from '../transport/index.ts'
import type { Attempt, Ended } from './attempt.ts'
import { Attempts } from './attempts.ts'
import { Dispatcher, orderKeyOf } from './dispatch/dispatcher.ts'
import { type LaneHost, runLane, type Segment } from './dispatch/lane.ts'
import type { Batch } from './effects.ts'
import { BlockedKeys } from './failure/blocked-keys.ts'
import { decide, type Verdict } from './failure/decide.ts'
import { KeptFeed } from './failure/kept-feed.ts'
import { Trial } from './failure/trial.ts'
import { tell } from './observe.ts'
import type { Plan } from './plan.ts'
import type { Watchdog } from './watchdog.ts'
import { keptDelivery, settlement, type Work, withFailure, workOfKept } from './work.ts'

/** What the subscriptions of an application share. */
export interface Runtime {
  readonly store: Store
  readonly log: Transport
  readonly composer: Composer
  readonly clock: Clock
  readonly logger: Logger
  readonly random: () => number
  readonly source: string
  readonly watchdog: Watchdog | undefined
}

/** A handler's error asks to pause the subscription, and to try that delivery again after a time. */
export type PauseRequest = (
  reason: string,
  probe: { readonly position: number; readonly afterMs: number } | undefined,
) => void

/** How many kept deliveries are read at once when the tenure begins. */
const pageSize = 1_000

/**
 * One process's time as the owner of a subscription, under one epoch of its lease. It feeds deliveries from the log and
 * from what was kept apart into lanes and settles them. When the epoch is over it ends; a new tenure begins anew from
 * what the store says.
 */
export class Tenure implements LaneHost {
  readonly #plan: Plan
  readonly #runtime: Runtime
  readonly #epoch: number
  readonly #attempts: Attempts
  readonly #keys = new BlockedKeys()
  readonly #dispatcher: Dispatcher
  readonly #feed: KeptFeed
  readonly #trial: Trial
  readonly #onLost: (error: unknown) => void
  readonly #onPause: PauseRequest
  #consumer: Consumer | undefined
  #paused = false
  #lost = false
  /** Grows with every change that this tenure makes to what is kept apart. */
  #keptVersion = 0

  constructor(
    plan: Plan,
    runtime: Runtime,
    lease: { readonly epoch: number; readonly clean: boolean; readonly head: number },
    on: { readonly lost: (error: unknown) => void; readonly pause: PauseRequest },
  ) {
    this.#plan = plan
    this.#runtime = runtime
    this.#epoch = lease.epoch
    this.#onLost = on.lost
    this.#onPause = on.pause
    const { store, composer, logger, source } = runtime
    this.#attempts = new Attempts(
      plan,
      { store, composer, log: logger, source, subscription: plan.name },
      runtime.watchdog,
    )
    this.#trial = new Trial(lease.clean ? 0 : plan.options.window, lease.head, () => this.#adjust())
    this.#dispatcher = new Dispatcher(
      (works, handled) => this.#run(works, handled),
      this.#trial.isOn ? 1 : plan.options.concurrency,
      { isBlocked: (key) => this.#keys.has(key), onWaiting: (key) => this.#keepWaiting(key) },
      (error) => this.#lose(error),
    )
    this.#feed = new KeptFeed(
      store,
      runtime.clock,
      plan.name,
      (works) => this.#dispatcher.offer(works),
      (position) => this.#trial.suspects(position, true),
      (error) => this.#lose(error),
    )
  }

  async start(paused: boolean): Promise<void> {
    if (paused) this.pause()
    await this.reload()
    const { name, topics, options } = this.#plan
    const subscription = { name, topics, epoch: this.#epoch, window: options.window }
    this.#consumer = await this.#runtime.log.subscribe(subscription, (batch) => this.#receive(batch))
    this.#consumer.failed.catch((error: unknown) => this.#lose(error))
    if (!paused) this.#feed.poke()
  }

  /** Reads anew what is kept apart: at the start, and when an operator or another process changed it. */
  async reload(): Promise<void> {
    const { store } = this.#runtime
    const { name } = this.#plan
    let kept: StoredDelivery[]
    let version: number
    do {
      version = this.#keptVersion
      kept = []
      for (let page: readonly StoredDelivery[]; ; ) {
        page = await store.readKept({
          subscription: name,
          state: 'pending',
          after: kept.at(-1)?.position ?? 0,
          limit: pageSize,
        })
        kept.push(...page)
        if (page.length < pageSize) break
      }
    } while (version !== this.#keptVersion)
    for (const key of this.#keys.replace(kept.map(({ orderKey }) => orderKey))) this.#dispatcher.wake(key)
    const positions = kept.filter((delivery) => this.#isReadableNow(delivery)).map(({ position }) => position)
    if (positions.length > 0) await store.commit({ subscriptions: [{ kind: 'release', name, positions }] })
    this.#feed.poke()
  }

  /** How many deliveries are kept apart, as this tenure knows it. */
  get pending(): number {
    return this.#keys.size
  }

  pause(): void {
    this.#paused = true
    this.#feed.pause()
    this.#adjust()
  }

  resume(): void {
    this.#paused = false
    this.#feed.resume()
    this.#adjust()
  }

  /** Tries one kept delivery although the subscription is paused. Resolves with whether it is kept no more. */
  async probe(position: number): Promise<boolean> {
    const kept = await this.#pendingAt(position)
    if (kept === undefined) return true
    const work = workOfKept(kept, false)
    this.#feed.begin(work)
    await runLane(this, [work], () => {})
    return (await this.#pendingAt(position)) === undefined
  }

  async #pendingAt(position: number): Promise<StoredDelivery | undefined> {
    const query = { subscription: this.#plan.name, state: 'pending', after: position - 1, limit: 1 } as const
    const [kept] = await this.#runtime.store.readKept(query)
    return kept?.position === position ? kept : undefined
  }

  /** Begins nothing more, waits for what is under way up to `drainMs`, then aborts it. */
  async stop(drainMs: number): Promise<void> {
    this.#feed.pause()
    this.#dispatcher.stop()
    const cancel = this.#runtime.clock.after(drainMs, () => {
      this.#attempts.abortAll(new MillraceError('APP_STOPPING', { subscription: this.#plan.name, drainMs }))
    })
    await this.#dispatcher.drained()
    cancel()
    await this.#consumer?.close()
  }

  /** The epoch is over: whatever handlers still do, nothing of it can be committed. */
  abandon(reason: unknown): void {
    this.#lost = true
    this.#feed.pause()
    this.#dispatcher.stop()
    this.#attempts.abortAll(reason)
    // Its deliveries are not settled; the next tenure gets them again.
    this.#consumer?.close().catch((error: unknown) => this.#runtime.logger.error('A consumer did not close', { error }))
  }

  // How lanes run their works.

  attempt(work: Work, batch: Batch): { readonly attempt: Attempt; readonly ended: Ended | Promise<Ended> } {
    return this.#attempts.begin(work, batch)
  }

  acknowledge(work: Work, ended: Ended & { kind: 'done' }): Settlement {
    const { reason } = ended
    if (reason !== 'handled')
      tell('drop', () => ({ subscription: this.#plan.name, position: work.record.position, reason }))
    return settlement(this.#plan.name, this.#epoch, work, { kind: 'ack', reason })
  }

  monotonic(): number {
    return this.#runtime.clock.monotonic()
  }

  async commit(unit: Unit): Promise<void> {
    await this.#runtime.store.commit(unit)
    for (const settled of unit.settle ?? []) this.#settled(settled)
    tell('settle', () => ({ subscription: this.#plan.name, settled: unit.settle }))
  }

  async fail(work: Work, attempt: Attempt, error: unknown, before: Segment): Promise<'continue' | 'stop'> {
    const now = this.#runtime.clock.now()
    const attempts = work.attempts + 1
    const verdict = this.#judge(work, attempt, error, attempts)
    const change = { attempts, deaths: Math.max(0, work.deaths - 1), history: withFailure(work.history, error, now) }
    const outcome = this.#outcome(work, verdict, change, now)
    const settle = [...(before.unit.settle ?? []), settlement(this.#plan.name, this.#epoch, work, outcome)]
    const givenUp = verdict.kind === 'dead' || verdict.kind === 'done' ? this.#plan.onGivenUp(work.record, error) : {}
    const append = [...(before.unit.append ?? []), ...(givenUp.append ?? [])]
    const documents = [...(before.unit.documents ?? []), ...(givenUp.documents ?? [])]
    await this.commit({ ...before.unit, append, documents, settle })
    this.#report(work, verdict, error, attempts)
    if (verdict.kind === 'pause') {
      const { position } = work.record
      const probe = verdict.probeAfterMs === undefined ? undefined : { position, afterMs: verdict.probeAfterMs }
      this.#onPause(error instanceof Error ? error.message : String(error), probe)
    }
    return outcome.kind === 'park' && work.orderKey !== null ? 'stop' : 'continue'
  }

  #judge(work: Work, attempt: Attempt, error: unknown, attempts: number): Verdict {
    try {
      return decide(error, attempts, attempt.options, this.#runtime.random)
    } catch (cause) {
      // A retry policy or onError that throws must not decide by accident: the delivery is kept for an operator.
      this.#runtime.logger.error('The failure policy of a handler threw', {
        subscription: this.#plan.name,
        position: work.record.position,
        error: cause,
      })
      return { kind: 'dead', reason: 'fatal' }
    }
  }

  #outcome(
    work: Work,
    verdict: Verdict,
    change: Parameters<typeof keptDelivery>[2],
    now: number,
  ): Settlement['outcome'] {
    switch (verdict.kind) {
      case 'park':
        return { kind: 'park', delivery: keptDelivery(work, 'retry', change), dueMs: Math.ceil(now + verdict.delayMs) }
      case 'pause':
        return { kind: 'park', delivery: keptDelivery(work, 'retry', change), dueMs: now }
      case 'hold':
        return { kind: 'park', delivery: keptDelivery(work, verdict.reason, change), dueMs: null }
      case 'dead':
        return { kind: 'dead', delivery: keptDelivery(work, verdict.reason, change) }
      case 'done':
        return { kind: 'ack', reason: verdict.reason }
    }
  }

  #report(work: Work, verdict: Verdict, error: unknown, attempts: number): void {
    const { position, event } = work.record
    const about = { subscription: this.#plan.name, position, type: event.header.type, id: event.id, attempts, error }
    if (verdict.kind === 'dead') {
      this.#runtime.logger.error('A delivery is dead-lettered', about)
      tell('dead-letter', () => about)
    } else if (verdict.kind === 'park') {
      this.#runtime.logger.warn('A delivery failed and is retried', { ...about, delayMs: Math.round(verdict.delayMs) })
      tell('retry', () => about)
    } else {
      this.#runtime.logger.warn(`A delivery failed: ${verdict.kind === 'done' ? verdict.reason : verdict.kind}`, about)
      tell('drop', () => about)
    }
  }

  // The way in.

  #receive(batch: readonly LogRecord[]): Promise<void> {
    const works = batch.map((record): Work => {
      const orderKey = orderKeyOf(this.#plan.dispatch, record.event.key)
      const suspect = this.#trial.suspects(record.position, false)
      return { record, orderKey, kept: false, attempts: 0, deaths: 0, history: [], suspect }
    })
    tell('deliver', () => ({ subscription: this.#plan.name, positions: batch.map((record) => record.position) }))
    this.#dispatcher.offer(works)
    return Promise.resolve()
  }

  async #run(works: readonly Work[], handled: () => void): Promise<readonly Work[]> {
    const [work, ...rest] = works
    if (!work!.suspect) return runLane(this, works, handled)
    const tried = await this.#try(work!)
    if (tried !== undefined) await runLane(this, [tried], () => {})
    this.#trial.acquit()
    return rest
  }

  /** Notes in the store that the delivery is about to be handled; gives it up when too many have not survived that. */
  async #try(work: Work): Promise<Work | undefined> {
    const { poisonAfterDeaths } = this.#plan.options
    if (work.deaths >= poisonAfterDeaths) {
      const { position } = work.record
      const error = new MillraceError('DELIVERY_POISONOUS', {
        subscription: this.#plan.name,
        position,
        deaths: work.deaths,
      })
      const change = { history: withFailure(work.history, error, this.#runtime.clock.now()) }
      const outcome = { kind: 'dead', delivery: keptDelivery(work, 'poison', change) } as const
      const settle = [settlement(this.#plan.name, this.#epoch, work, outcome)]
      await this.commit({ ...this.#plan.onGivenUp(work.record, error), settle })
      this.#report(work, { kind: 'dead', reason: 'poison' }, error, work.attempts)
      return undefined
    }
    const tried = { ...work, kept: true, deaths: work.deaths + 1 }
    const outcome = { kind: 'try', delivery: keptDelivery(tried, 'trial') } as const
    this.#feed.begin(tried)
    await this.commit({ settle: [settlement(this.#plan.name, this.#epoch, work, outcome)] })
    return tried
  }

  /** Deliveries of a key that waits: in keyed order the store keeps them, so that others go on; in serial order all wait. */
  #keepWaiting(key: string): void {
    if (this.#plan.dispatch !== 'keyed') return
    const works = this.#dispatcher.withdraw(key).filter((work) => !work.kept)
    if (works.length === 0) return
    const settle = works.map((work) =>
      settlement(this.#plan.name, this.#epoch, work, { kind: 'wait', delivery: keptDelivery(work, 'behind') }),
    )
    this.commit({ settle }).catch((error: unknown) => this.#lose(error))
  }

  #settled({ position, kept, outcome }: Settlement): void {
    if (kept || outcome.kind !== 'ack') this.#keptVersion++
    switch (outcome.kind) {
      case 'try':
        if (!kept) this.#keys.add(outcome.delivery.orderKey)
        return
      case 'park':
      case 'wait':
        if (kept) this.#feed.end(position)
        else this.#keys.add(outcome.delivery.orderKey)
        this.#feed.poke()
        return
      case 'ack':
      case 'dead':
        if (!kept) return
        this.#release(this.#feed.end(position)?.orderKey ?? null)
    }
  }

  #release(key: string | null): void {
    if (this.#keys.remove(key)) this.#dispatcher.wake(key)
    else this.#feed.poke()
  }

  #isReadableNow(kept: StoredDelivery): boolean {
    if (kept.reason !== 'newer-version' || kept.state !== 'parked' || kept.dueMs !== null) return false
    const contract = this.#plan.find(kept.event.header.type)
    return contract !== undefined && kept.event.header.version <= contract.version
  }

  #adjust(): void {
    this.#dispatcher.concurrency = this.#paused ? 0 : this.#trial.isOn ? 1 : this.#plan.options.concurrency
  }

  #lose(error: unknown): void {
    if (this.#lost) return
    this.#lost = true
    this.#onLost(error)
  }
}
