import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import { assertPattern } from '../../event/index.ts'
import type { StartPosition, SubscriptionWrite } from '../../store/index.ts'
import type { TopicFilters } from '../read/topic-filter.ts'
import type { Control } from '../tables/control.ts'
import type { Group } from '../tables/held.ts'
import { type Leases, leaseOf } from '../tables/leases.ts'
import type { Locator } from '../tables/locate.ts'
import { Rows } from '../tables/rows.ts'
import type { Subscriptions } from '../tables/subscriptions.ts'
import type { KeptWrites } from './kept-writes.ts'

/** What operators do to subscriptions. It is rare, so that it goes to the rows at once. */
export class SubscriptionWrites {
  readonly #group: Group
  readonly #control: Control
  readonly #leases: Leases
  readonly #subscriptions: Subscriptions
  readonly #kept: KeptWrites
  readonly #locator: Locator
  readonly #filters: TopicFilters
  readonly #topics: Rows<readonly [topics: string]>
  readonly #ensure: StatementSync
  readonly #pause: StatementSync
  readonly #rewind: StatementSync
  readonly #remove: StatementSync
  readonly #removeKept: StatementSync

  constructor(
    database: DatabaseSync,
    group: Group,
    control: Control,
    leases: Leases,
    subscriptions: Subscriptions,
    kept: KeptWrites,
    locator: Locator,
    filters: TopicFilters,
  ) {
    this.#group = group
    this.#control = control
    this.#leases = leases
    this.#subscriptions = subscriptions
    this.#kept = kept
    this.#locator = locator
    this.#filters = filters
    this.#topics = new Rows(database, 'SELECT topics FROM millrace_subscription WHERE name = ?')
    this.#ensure = database.prepare(
      `INSERT INTO millrace_subscription (name, topics, floor, settled_above, paused, settled, created)
       VALUES (?, ?, ?, '', NULL, '{}', ?) ON CONFLICT (name) DO UPDATE SET topics = excluded.topics`,
    )
    this.#pause = database.prepare('UPDATE millrace_subscription SET paused = ? WHERE name = ?')
    this.#rewind = database.prepare("UPDATE millrace_subscription SET floor = ?, settled_above = '' WHERE name = ?")
    this.#remove = database.prepare('DELETE FROM millrace_subscription WHERE name = ?')
    this.#removeKept = database.prepare('DELETE FROM millrace_kept WHERE subscription = ?')
  }

  /** @throws SUBSCRIPTION_UNKNOWN, DELIVERY_UNKNOWN, TOPIC_INVALID */
  apply(writes: readonly SubscriptionWrite[]): void {
    for (const write of writes) {
      this.#control.touch(write.name)
      this.#apply(write)
    }
  }

  #apply(write: SubscriptionWrite): void {
    const { name } = write
    if (write.kind === 'ensure') {
      for (const topic of write.topics) assertPattern(topic)
      this.#ensure.run(name, JSON.stringify(write.topics), this.#locator.floorOf(write.from), this.#group.nowMs)
      return
    }
    this.#assertKnown(name)
    switch (write.kind) {
      case 'pause':
        this.#pause.run(write.reason, name)
        break
      case 'resume':
        this.#pause.run(null, name)
        break
      case 'rewind':
        this.#rewindTo(name, write.to)
        break
      case 'remove':
        this.#end(name)
        this.#remove.run(name)
        this.#removeKept.run(name)
        break
      case 'redrive':
        this.#kept.redrive(name, write.positions)
        break
      case 'release':
        this.#kept.release(name, write.positions)
        break
      case 'discard':
        this.#kept.discard(name, write.positions)
        this.#subscriptions.count(this.#subscriptions.get(name), 'discarded', write.positions.length)
        break
      case 'edit':
        this.#kept.edit(name, write.position, write.data)
        break
      case 'replay':
        this.#kept.replay(name, write.positions)
        break
    }
  }

  #rewindTo(name: string, to: StartPosition): void {
    const floor = this.#locator.floorOf(to)
    const topics: readonly string[] = JSON.parse(this.#topics.first(name)![0])
    this.#end(name)
    this.#rewind.run(floor, name)
    this.#kept.giveBack(name, floor, this.#filters.of(topics).kinds)
  }

  /** Fences whoever works on the subscription, and forgets what is known about it. */
  #end(name: string): void {
    const subscription = this.#subscriptions.get(name)
    this.#subscriptions.settleRow(subscription)
    this.#subscriptions.drop(subscription)
    this.#leases.fence(leaseOf(name))
  }

  #assertKnown(name: string): void {
    if (!this.#subscriptions.exists(name)) throw new MillraceError('SUBSCRIPTION_UNKNOWN', { subscription: name })
  }
}
