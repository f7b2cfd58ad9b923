import { MillraceError } from '../../base/index.ts'
import type { Outcome, Settlement } from '../../store/index.ts'
import type { Kept, KeptState } from '../tables/kept.ts'
import type { Leases } from '../tables/leases.ts'
import type { Log } from '../tables/log.ts'
import type { Subscriptions } from '../tables/subscriptions.ts'

const stateOf: Readonly<Record<Exclude<Outcome['kind'], 'ack'>, KeptState>> = {
  park: 'parked',
  wait: 'waiting',
  try: 'trying',
  dead: 'dead',
}

/** The outcomes of deliveries. */
export class Settlements {
  readonly #log: Log
  readonly #leases: Leases
  readonly #subscriptions: Subscriptions
  readonly #kept: Kept

  constructor(log: Log, leases: Leases, subscriptions: Subscriptions, kept: Kept) {
    this.#log = log
    this.#leases = leases
    this.#subscriptions = subscriptions
    this.#kept = kept
  }

  /**
   * A delivery that is settled already is refused, as the effects of its handler would be there twice.
   * @throws SUBSCRIPTION_UNKNOWN, LEASE_LOST, DELIVERY_UNKNOWN
   */
  check(settlements: readonly Settlement[]): void {
    for (const { subscription: name, epoch, position, kept } of settlements) {
      const subscription = this.#subscriptions.get(name)
      if (subscription.epoch !== epoch) this.#leases.assertEpoch(subscription.lease, epoch)
      if (kept) this.#kept.expect(name, position, 'pending')
      else if (position > this.#log.end || !subscription.cursor.isOpen(position)) refuse(name, position)
    }
  }

  apply(settlements: readonly Settlement[]): void {
    for (const { subscription: name, position, kept, outcome } of settlements) {
      const subscription = this.#subscriptions.get(name)
      if (!kept) {
        // The same one twice in a unit.
        if (!subscription.cursor.settle(position)) refuse(name, position)
        this.#subscriptions.touch(subscription)
      }
      if (outcome.kind === 'ack') {
        this.#subscriptions.count(subscription, outcome.reason, 1)
        if (kept) this.#kept.remove(name, position, this.#kept.expect(name, position, 'pending')[1])
      } else {
        const dueMs = outcome.kind === 'park' ? outcome.dueMs : null
        const state = stateOf[outcome.kind]
        if (kept) this.#kept.change(name, position, state, outcome.delivery, dueMs)
        else this.#kept.add(name, position, state, outcome.delivery, dueMs)
      }
    }
  }
}

function refuse(subscription: string, position: number): never {
  throw new MillraceError('DELIVERY_UNKNOWN', { subscription, position, state: 'unsettled' })
}
