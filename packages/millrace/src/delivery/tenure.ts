import { isMillraceError, MillraceError } from '../base/index.ts'
import type { LogRecord, Settlement, StoredDelivery, Unit } from '../store/index.ts'
import type { Consumer } from '../transport/index.ts'
import type { Attempt, Ended } from './attempt.ts'
import { Attempts } from './attempts.ts'
import { Dispatcher, type DispatchHost, orderKeyOf } from './dispatch/dispatcher.ts'
import type { Slot } from './dispatch/lane.ts'
import { runLane } from './dispatch/run-lane.ts'
import type { BatchSource } from './effects.ts'
import { BlockedKeys } from './failure/blocked-keys.ts'
import { KeptFeed } from './failure/kept-feed.ts'
import { type Failed, FailurePath } from './failure/path.ts'
import type { Probe } from './failure/pause.ts'
import { Trial } from './failure/trial.ts'
import { tell } from './observe.ts'
import type { Plan } from './plan.ts'
import type { Runtime } from './runtime.ts'
import { acknowledgement, FreshWork, keptDelivery, type Work, WorkSettlement, workOfKept } from './work.ts'

/** What a tenure tells its subscription. */
export interface TenureEvents {
  readonly lost: (error: unknown) => void
  /** A handler's error has paused the subscription. */
  readonly paused: (probe: Probe | undefined) => void
}

/** A lease that was just taken. */
export interface Lease {
  readonly epoch: number
  /** False when the owner before vanished. */
  readonly clean: boolean
  /** The newest position that the owner before may have been handed; 0 when it ended in order. */
  readonly head: number
}

/** How many kept deliveries are read at once when the tenure begins. */
const pageSize = 1_000
/** How long a delivery that may have killed the process is put off after the start, for each time. */
const putOffMs = 500
/** At least so many kept deliveries are in flight at once, if so many are due. */
const leastKeptInFlight = 128
/** A slot for what runs beside the lanes. */
const noSlot: Slot = { release: () => {}, retake: () => Promise.resolve(true) }

/**
 * One process's time as the owner of a subscription, under one epoch of its lease. It feeds deliveries from the log and
 * from what was kept apart into lanes and settles them. When the epoch is over it ends; a new tenure begins anew from
 * what the store says.
 */
export class Tenure implements DispatchHost {
  readonly #plan: Plan
  readonly #runtime: Runtime
  readonly #epoch: number
  readonly #on: TenureEvents
  readonly #attempts: Attempts
  readonly #keys = new BlockedKeys()
  readonly #dispatcher: Dispatcher
  readonly #feed: KeptFeed
  readonly #trial: Trial
  readonly #beganMs: number
  readonly #failures: FailurePath
  #consumer: Consumer | undefined
  #probing: Promise<unknown> | undefined
  #paused = false
  #lost = false
  #ending = false

  constructor(plan: Plan, runtime: Runtime, lease: Lease, on: TenureEvents) {
    this.#plan = plan
    this.#runtime = runtime
    this.#epoch = lease.epoch
    this.#on = on
    const { store, clock, composer, logger, source } = runtime
    const { concurrency, window } = plan.options
    this.#attempts = new Attempts(
      plan,
      { store, composer, log: logger, source, subscription: plan.name },
      runtime.watchdog,
    )
    this.#beganMs = clock.now()
    this.#failures = new FailurePath(plan, runtime, lease.epoch)
    this.#trial = new Trial(lease.clean ? 0 : window, lease.head, () => this.#adjust())
    // What killed the process before, or made somebody kill it, may do so again.
    if (this.#trial.isOn) runtime.watchdog?.watchNow()
    this.#dispatcher = new Dispatcher(this, this.#trial.isOn ? 1 : concurrency)
    const keptInFlight = plan.dispatch === 'serial' ? 'serial' : Math.max(leastKeptInFlight, 2 * concurrency)
    this.#feed = new KeptFeed(store, clock, plan.name, keptInFlight, {
      offer: (works) => this.#dispatcher.offer(works),
      workOf: (kept) => {
        const suspect = this.#trial.suspects(kept.position, true) || kept.deaths > 0
        return workOfKept(kept, this.#orderKeyOf(kept), suspect)
      },
      dueMs: (kept) => this.#dueMs(kept),
      failed: (error) => this.#lose(error),
    })
  }

  async start(paused: boolean): Promise<void> {
    if (paused) this.pause()
    await this.reload()
    const { name, topics, options } = this.#plan
    const subscription = { name, topics, epoch: this.#epoch, window: options.window }
    this.#consumer = await this.#runtime.log.subscribe(subscription, (batch) => this.#receive(batch))
    this.#consumer.failed.catch((error: unknown) => this.#lose(error))
  }

  /** Reads anew what is kept apart: at the start, and when an operator or another process changed it. */
  async reload(): Promise<void> {
    const { store } = this.#runtime
    const { name } = this.#plan
    const found = new Map<number, string | null>()
    const readable: number[] = []
    this.#keys.record()
    for (let after = 0; ; ) {
      const page = await store.readKept({ subscription: name, state: 'pending', after, limit: pageSize })
      for (const delivery of page) {
        found.set(delivery.position, this.#orderKeyOf(delivery))
        if (this.#isReadableNow(delivery)) readable.push(delivery.position)
      }
      if (page.length < pageSize) break
      after = page.at(-1)!.position
    }
    for (const key of this.#keys.replace(found)) this.#dispatcher.wake(key)
    if (readable.length > 0) await store.commit({ subscriptions: [{ kind: 'release', name, positions: readable }] })
    this.#feed.poke()
  }

  /** Takes notice of a change by an operator or another process; `pending` deliveries are kept apart now. */
  async follow(pending: number): Promise<void> {
    if (pending === 0 && this.#keys.size === 0) return
    if (pending === this.#keys.size) this.#feed.poke()
    else await this.reload()
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
  probe(position: number): Promise<boolean> {
    const probing = this.#probe(position)
    this.#probing = probing.catch(() => {})
    return probing
  }

  async #probe(position: number): Promise<boolean> {
    const kept = await this.#pendingAt(position)
    if (kept === undefined) return true
    this.#feed.begin(position)
    await runLane(this, [workOfKept(kept, this.#orderKeyOf(kept), false)], noSlot)
    return (await this.#pendingAt(position)) === undefined
  }

  async #pendingAt(position: number): Promise<StoredDelivery | undefined> {
    const query = { subscription: this.#plan.name, state: 'pending', after: position - 1, limit: 1 } as const
    const [kept] = await this.#runtime.store.readKept(query)
    return kept?.position === position ? kept : undefined
  }

  /** Begins nothing more, waits for what is under way up to `drainMs`, then abandons it. */
  async stop(drainMs: number): Promise<void> {
    this.#ending = true
    this.#feed.pause()
    this.#dispatcher.stop()
    const cancel = this.#runtime.clock.after(drainMs, () => {
      const error = new MillraceError('APP_STOPPING', { subscription: this.#plan.name, drainMs })
      this.#attempts.abandonAll(error)
    })
    await Promise.all([this.#dispatcher.drained(), this.#probing])
    cancel()
    await this.#consumer?.close()
  }

  /** The epoch is over: whatever handlers still do, nothing of it can be committed. */
  abandon(reason: unknown): void {
    this.#lost = true
    this.#ending = true
    this.#feed.pause()
    this.#dispatcher.stop()
    this.#attempts.abandonAll(reason)
    // Its deliveries are not settled; the next tenure gets them again.
    this.#consumer?.close().catch((error: unknown) => this.#runtime.logger.error('A consumer did not close', { error }))
  }

  // How lanes run their works.

  attempt(work: Work, source: BatchSource): { readonly attempt: Attempt; readonly ended: Ended | Promise<Ended> } {
    return this.#attempts.begin(work, source)
  }

  acknowledge(work: Work, ended: Ended & { kind: 'done' }): Settlement {
    const { reason } = ended
    if (reason !== 'handled')
      tell('drop', () => ({ subscription: this.#plan.name, position: work.record.position, reason }))
    return new WorkSettlement(this.#plan.name, this.#epoch, work, acknowledgement(reason))
  }

  monotonic(): number {
    return this.#runtime.clock.monotonic()
  }

  get isEnding(): boolean {
    return this.#ending
  }

  async commit(unit: Unit): Promise<void> {
    for (;;) {
      try {
        await this.#runtime.store.commit(unit)
        break
      } catch (error) {
        // Nothing was done, and nothing is wrong with the unit: the store only has too much to do.
        const later = isMillraceError(error, 'STORE_BUSY') || isMillraceError(error, 'STORE_OVERLOADED')
        if (!later || this.#lost) throw error
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    }
    for (const settled of unit.settle ?? []) this.#settled(settled)
    tell('settle', () => ({ subscription: this.#plan.name, settled: unit.settle }))
  }

  async fail(work: Work, attempt: Attempt, error: unknown, before: Unit): Promise<'continue' | 'stop'> {
    const failed = this.#failures.failed(work, attempt.options, error)
    await this.#giveWay(failed, before)
    if (failed.pause !== undefined) this.#on.paused(failed.pause.probe)
    return failed.goesOn ? 'continue' : 'stop'
  }

  async #giveWay({ unit, report }: Failed, before: Unit): Promise<void> {
    await this.commit({
      ...before,
      ...unit,
      append: [...(before.append ?? []), ...(unit.append ?? [])],
      documents: [...(before.documents ?? []), ...(unit.documents ?? [])],
      settle: [...(before.settle ?? []), ...(unit.settle ?? [])],
    })
    report()
  }

  isBlocked(key: string): boolean {
    return this.#keys.has(key)
  }

  async runSuspect(works: readonly Work[]): Promise<readonly Work[]> {
    await this.#runtime.trials.run(async () => {
      const tried = await this.#try(works[0]!)
      if (tried !== undefined) await runLane(this, [tried], noSlot)
    })
    this.#trial.acquit()
    return works.slice(1)
  }

  failed(error: unknown): void {
    this.#lose(error)
  }

  // The way in.

  #receive(batch: readonly LogRecord[]): Promise<void> {
    const works = batch.map((record): Work => {
      const orderKey = orderKeyOf(this.#plan.dispatch, record.event.key)
      const suspect = this.#trial.suspects(record.position, false)
      return new FreshWork(record, orderKey, suspect)
    })
    tell('deliver', () => ({ subscription: this.#plan.name, positions: batch.map((record) => record.position) }))
    this.#dispatcher.offer(works)
    return Promise.resolve()
  }

  /**
   * A delivery that was under trial when the process died is put off for a while. So a process that is killed again and
   * again for another reason, soon after its start, does not die in the same innocent's trial each time.
   */
  #dueMs(kept: StoredDelivery): number | null {
    const isLast = kept.deaths >= this.#plan.options.poisonAfterDeaths
    if (kept.deaths === 0 || isLast || kept.dueMs === null) return kept.dueMs
    return Math.max(kept.dueMs, this.#beganMs + kept.deaths * putOffMs)
  }

  /** Notes in the store that the delivery is about to be handled; gives it up when too many have not survived that. */
  async #try(work: Work): Promise<Work | undefined> {
    if (work.deaths >= this.#plan.options.poisonAfterDeaths) {
      await this.#giveWay(this.#failures.poisonous(work), {})
      return undefined
    }
    const tried = { ...work, kept: true, deaths: work.deaths + 1 }
    const outcome = { kind: 'try', delivery: keptDelivery(tried, 'trial') } as const
    this.#feed.begin(work.record.position)
    await this.commit({ settle: [new WorkSettlement(this.#plan.name, this.#epoch, work, outcome)] })
    return tried
  }

  /** Deliveries of a key that waits: in keyed order the store keeps them, so that others go on; in serial order all wait. */
  onWaiting(key: string): void {
    if (this.#plan.dispatch !== 'keyed') return
    const works = this.#dispatcher.withdraw(key).filter((work) => !work.kept)
    if (works.length === 0) return
    for (const work of works) {
      this.#keys.expect(work.record.position, key)
      // It comes back as one that is kept, and is looked at anew then.
      if (work.suspect) this.#trial.acquit()
    }
    const settle = works.map(
      (work) =>
        new WorkSettlement(this.#plan.name, this.#epoch, work, {
          kind: 'wait',
          delivery: keptDelivery(work, 'behind'),
        }),
    )
    this.commit({ settle }).catch((error: unknown) => this.#lose(error))
  }

  #settled({ position, kept, outcome }: Settlement): void {
    if (kept && outcome.kind !== 'try') this.#feed.end(position)
    switch (outcome.kind) {
      case 'try':
        this.#keys.add(position, outcome.delivery.orderKey)
        return
      case 'park':
      case 'wait':
        this.#keys.add(position, outcome.delivery.orderKey)
        this.#feed.poke()
        return
      case 'ack':
      case 'dead':
        if (kept) this.#release(position)
    }
  }

  /** Nothing of the key is kept any more: its lane goes on. Else the store has made the next one of the key due. */
  #release(position: number): void {
    const key = this.#keys.remove(position)
    if (key !== undefined) this.#dispatcher.wake(key)
    else this.#feed.poke()
  }

  /** What is replayed was given the key of its event, as whoever replays does not know how it is dispatched. */
  #orderKeyOf({ orderKey }: StoredDelivery): string | null {
    return this.#plan.dispatch === 'serial' ? orderKeyOf('serial', orderKey) : orderKey
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
    this.#on.lost(error)
  }
}
