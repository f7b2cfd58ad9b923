import type { DatabaseSync } from 'node:sqlite'
import type { Appended, Committed, Epoch, LeaseWrite, Unit } from '../../store/index.ts'
import { TopicFilters } from '../read/topic-filter.ts'
import { CommitCount } from '../tables/commit-count.ts'
import { Control } from '../tables/control.ts'
import { Floors } from '../tables/floors.ts'
import type { Group, Held } from '../tables/held.ts'
import { Kept } from '../tables/kept.ts'
import { Kinds } from '../tables/kinds.ts'
import { Leases } from '../tables/leases.ts'
import { Locator } from '../tables/locate.ts'
import { Log } from '../tables/log.ts'
import { Streams } from '../tables/streams.ts'
import { Subscriptions } from '../tables/subscriptions.ts'
import { Topics } from '../tables/topics.ts'
import type { WindowLimits } from '../tables/window.ts'
import { Appends } from './apply-append.ts'
import { Counters } from './apply-counts.ts'
import { Documents } from './apply-documents.ts'
import { Inbox } from './apply-inbox.ts'
import { Settlements } from './apply-settle.ts'
import type { CallersSql } from './apply-sql.ts'
import { SubscriptionWrites } from './apply-subscriptions.ts'
import { Timers } from './apply-timers.ts'
import { Trims } from './apply-trims.ts'
import { Dedup } from './dedup.ts'
import { KeptWrites } from './kept-writes.ts'

const noEpochs: readonly Epoch[] = Object.freeze([])
const nothingAppended: readonly Appended[] = Object.freeze([])
const nothing: Committed = Object.freeze({ appended: nothingAppended, epochs: noEpochs, trimmed: 0 })

/**
 * Puts units into the transaction under way, one after the other; each sees what those before it did. What may refuse a unit
 * is checked before any of it is written.
 */
export class UnitWriter {
  readonly kinds: Kinds
  readonly log: Log
  readonly leases: Leases
  readonly subscriptions: Subscriptions
  readonly locator: Locator
  readonly filters: TopicFilters
  readonly control: Control
  readonly commitCount: CommitCount
  /** What is in memory, in the order in which it is to be written. */
  readonly held: readonly Held[]
  /** False when the unit that failed last has written nothing, so that the transaction can go on without it. */
  wrote = false

  readonly #group: Group
  readonly #appends: Appends
  readonly #settlements: Settlements
  readonly #documents: Documents
  readonly #timers: Timers
  readonly #inbox: Inbox
  readonly #subscriptionWrites: SubscriptionWrites
  readonly #trims: Trims
  readonly #sql: CallersSql
  readonly #counters: Counters

  constructor(database: DatabaseSync, group: Group, limits: WindowLimits, sql: CallersSql) {
    const topics = new Topics(database)
    this.#group = group
    this.kinds = new Kinds(database, topics)
    this.log = new Log(database, group, this.kinds, topics)
    this.leases = new Leases(database, group)
    this.subscriptions = new Subscriptions(database, this.leases)
    this.locator = new Locator(database, this.log)
    this.filters = new TopicFilters(this.kinds)
    const streams = new Streams(database)
    const dedup = new Dedup(database, limits, group)
    this.control = new Control(database)
    const kept = new Kept(database, group, this.kinds, this.control)
    this.#counters = new Counters(database)
    this.#appends = new Appends(this.log, streams, dedup, this.#counters)
    this.#settlements = new Settlements(this.log, this.leases, this.subscriptions, kept)
    this.#documents = new Documents(database, group)
    this.#timers = new Timers(database, this.kinds)
    this.#inbox = new Inbox(database, limits, group)
    this.#subscriptionWrites = new SubscriptionWrites(
      database,
      group,
      this.control,
      this.leases,
      this.subscriptions,
      new KeptWrites(database, group, this.kinds, kept),
      this.locator,
      this.filters,
    )
    this.#trims = new Trims(database, this.log, topics, new Floors(database, this.subscriptions))
    this.#sql = sql
    this.commitCount = new CommitCount(database)
    this.held = [
      this.log,
      this.leases,
      this.subscriptions,
      topics,
      this.kinds,
      this.filters,
      streams,
      dedup,
      this.control,
      this.#documents,
      this.#inbox,
      this.#counters,
      // Last, as it looks whether the others wrote something.
      this.commitCount,
    ]
  }

  /** @throws what refuses the unit; see `wrote` */
  apply(unit: Unit): Committed {
    this.wrote = false
    this.#check(unit)
    this.wrote = true
    return this.#write(unit)
  }

  #check(unit: Unit): void {
    if (unit.settle !== undefined) this.#settlements.check(unit.settle)
    if (unit.append !== undefined) this.#appends.check(unit.append)
    if (unit.documents !== undefined) this.#documents.check(unit.documents)
    if (unit.timers !== undefined) this.#timers.check(unit.timers)
    if (unit.inbox !== undefined) this.#inbox.check(unit.inbox)
    if (unit.leases !== undefined) for (const write of unit.leases) this.leases.check(write)
    // Last, as it is undone only where it fails itself.
    if (unit.sql !== undefined && unit.sql.length > 0) this.#sql.run(unit.sql)
  }

  #write(unit: Unit): Committed {
    const appended = unit.append === undefined ? nothingAppended : this.#appends.apply(unit.append)
    if (unit.settle !== undefined) this.#settlements.apply(unit.settle)
    if (unit.documents !== undefined) this.#documents.apply(unit.documents)
    if (unit.timers !== undefined) this.#timers.apply(unit.timers)
    if (unit.inbox !== undefined) this.#inbox.apply(unit.inbox)
    const epochs = unit.leases === undefined ? noEpochs : this.#writeLeases(unit.leases)
    if (unit.subscriptions !== undefined) this.#subscriptionWrites.apply(unit.subscriptions)
    const trimmed = unit.trims === undefined ? 0 : this.#trims.apply(unit.trims)
    if (trimmed > 0) this.#group.trimmed = true
    if (unit.counts !== undefined) this.#counters.apply(unit.counts)
    if (appended === nothingAppended && epochs === noEpochs && trimmed === 0) return nothing
    return { appended, epochs, trimmed }
  }

  #writeLeases(writes: readonly LeaseWrite[]): readonly Epoch[] {
    const epochs: Epoch[] = []
    for (const write of writes) {
      const epoch = this.leases.apply(write)
      if (epoch !== undefined) epochs.push(epoch)
      else this.subscriptions.touchByLease(write.name)
    }
    return epochs
  }
}
