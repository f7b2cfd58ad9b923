import type { EncodedEvent } from '../event/index.ts'

/**
 * A unit of work: everything that one handled message, one publish or one operator's action changes, as plain data. A
 * store commits it whole or not at all. Because it is data, a store may put many units into one physical transaction;
 * each stays atomic by itself, and a conflict rejects that unit alone.
 */
export interface Unit {
  /** Events for the log, in this order. */
  readonly append?: readonly Append[]
  /** Outcomes of deliveries. */
  readonly settle?: readonly Settlement[]
  readonly documents?: readonly DocumentWrite[]
  readonly timers?: readonly TimerWrite[]
  readonly inbox?: readonly InboxMark[]
  readonly leases?: readonly LeaseWrite[]
  readonly subscriptions?: readonly SubscriptionWrite[]
  readonly trims?: readonly Trim[]
  /** The caller's own statements, for stores with the capability `sql`. */
  readonly sql?: readonly SqlStatement[]
  readonly counts?: readonly Count[]
}

/** Which revision a stream must have for an append: that of its last event (the first is 0), none yet, or whichever. */
export type ExpectedRevision = number | 'none' | 'any'

export interface Append {
  readonly event: EncodedEvent
  /** True when the caller chose the id: a second event with it in the same topic or stream is a duplicate. */
  readonly unique?: boolean
  /** Appends to this stream as well; the events of one stream in one unit stand beside each other and share `expected`. */
  readonly stream?: { readonly name: string; readonly expected: ExpectedRevision }
}

/** How the handling of one delivery ended. */
export interface Settlement {
  readonly subscription: string
  /** The epoch of the lease under which it was delivered; an older one than the store's rejects the unit (LEASE_LOST). */
  readonly epoch: number
  readonly position: number
  /** True when the store already keeps this delivery apart from the log (it was parked, waiting, tried, or replayed). */
  readonly kept: boolean
  readonly outcome: Outcome
}

export type Outcome =
  /** Done with. `reason` is counted for the subscription. */
  | { readonly kind: 'ack'; readonly reason: AckReason }
  /** Kept aside until `dueMs` (null: until resumed by hand); later events of its key wait behind it. */
  | { readonly kind: 'park'; readonly delivery: KeptDelivery; readonly dueMs: number | null }
  /** Kept aside until the earlier events of its key are done with. */
  | { readonly kind: 'wait'; readonly delivery: KeptDelivery }
  /** Kept aside while it is tried, so that a crash of the process can be laid to it. */
  | { readonly kind: 'try'; readonly delivery: KeptDelivery }
  /** Given up. It stays until redriven or discarded. */
  | { readonly kind: 'dead'; readonly delivery: KeptDelivery }

/** Why a delivery is done with: handled, or not handled for a reason that must be visible. */
export type AckReason = 'handled' | 'expired' | 'filtered' | 'discarded' | 'refused' | 'unhandled' | 'duplicate'

/** A delivery that is kept apart from the log, with all that an operator must know about it. */
export interface KeptDelivery {
  readonly event: EncodedEvent
  /** The key whose order it keeps; null where no order is promised. */
  readonly orderKey: string | null
  /** How often its handler failed. */
  readonly attempts: number
  /** How often the process died while handling it. */
  readonly deaths: number
  readonly reason: KeptReason
  /** The failures so far, oldest first, bounded in number. */
  readonly history: readonly Failure[]
}

export type KeptReason =
  | 'retry'
  | 'behind'
  | 'trial'
  | 'exhausted'
  | 'fatal'
  | 'poison'
  | 'expired'
  | 'invalid'
  | 'newer-version'
  | 'held'
  | 'redriven'
  | 'replayed'

export interface Failure {
  readonly atMs: number
  readonly code: string | null
  readonly name: string
  readonly message: string
  readonly stack: string | null
}

export interface DocumentWrite {
  readonly collection: string
  readonly key: string
  /** JSON text; null deletes. */
  readonly value: string | null
  /** The version the document must have: 0 means that it must not exist; undefined, that it does not matter. */
  readonly expected?: number | undefined
  /** When the store may delete it. */
  readonly expiresMs?: number | null
}

export type TimerWrite =
  | { readonly kind: 'set'; readonly id: string; readonly dueMs: number; readonly event: EncodedEvent }
  /** Removes the timer; rejects the unit (TIMER_GONE) when there is none, so that one timer never fires twice. */
  | { readonly kind: 'remove'; readonly id: string }

/** Marks a message as taken; rejects the unit (INBOX_DUPLICATE) when it is marked already. */
export interface InboxMark {
  readonly consumer: string
  readonly messageId: string
}

export type LeaseWrite =
  /** Takes the lease, or rejects the unit (LEASE_HELD) while somebody else holds it. */
  | { readonly kind: 'acquire'; readonly name: string; readonly owner: LeaseOwner; readonly ttlMs: number }
  | { readonly kind: 'renew'; readonly name: string; readonly epoch: number; readonly ttlMs: number }
  | { readonly kind: 'release'; readonly name: string; readonly epoch: number }

export interface LeaseOwner {
  /** Unique for each instance of an application. */
  readonly instance: string
  readonly pid: number
  /** Identifies the set of processes in which `pid` has a meaning, so that a dead owner is known without waiting. */
  readonly host: string
}

export type StartPosition = 'beginning' | 'now' | { readonly position: number } | { readonly time: Date }

export type SubscriptionWrite =
  /** Creates the subscription unless it exists; its topics are brought up to date. */
  | { readonly kind: 'ensure'; readonly name: string; readonly topics: readonly string[]; readonly from: StartPosition }
  | { readonly kind: 'pause'; readonly name: string; readonly reason: string }
  | { readonly kind: 'resume'; readonly name: string }
  /**
   * Moves the cursor, so that all events from there on are handled again (or skipped). Fences deliveries under way. What is
   * kept apart of the events that come again is kept no more, dead letters included.
   */
  | { readonly kind: 'rewind'; readonly name: string; readonly to: StartPosition }
  /** Removes the subscription and everything kept for it. */
  | { readonly kind: 'remove'; readonly name: string }
  /** Acts on kept deliveries: `redrive` and `release` make them due again in order, `discard` deletes them. */
  | {
      readonly kind: 'redrive' | 'release' | 'discard'
      readonly name: string
      readonly positions: readonly number[]
    }
  /** Replaces the data of a dead letter before it is redriven. */
  | { readonly kind: 'edit'; readonly name: string; readonly position: number; readonly data: string | null }
  /** Delivers the events of these positions to this subscription once more, and leaves its cursor and all others alone. */
  | { readonly kind: 'replay'; readonly name: string; readonly positions: readonly number[] }

/**
 * Deletes events of one topic from the log: the oldest ones, or those that a later event of the same key supersedes, up to
 * and including the position `through`, at most `limit`. An event that a subscription of the topic has not settled yet is
 * never deleted, nor is one of a stream, nor the newest event of the log.
 */
export interface Trim {
  readonly kind: 'oldest' | 'superseded'
  readonly topic: string
  readonly through: number
  readonly limit: number
}

export interface SqlStatement {
  readonly text: string
  readonly parameters: readonly SqlValue[]
}

export type SqlValue = null | number | bigint | string | Uint8Array

/** Adds to a durable counter, in the same commit as what is counted. */
export interface Count {
  readonly name: string
  /** What the counter is of: a topic, a subscription, … */
  readonly subject: string
  readonly by: number
}

/** What a commit of a unit did. */
export interface Committed {
  /** One for each append, in order. */
  readonly appended: readonly Appended[]
  /** The epochs of the leases acquired, in order. */
  readonly epochs: readonly Epoch[]
  /** How many events the trims deleted. */
  readonly trimmed: number
}

export interface Appended {
  readonly position: number
  /** True when an event with this id was there already: nothing was appended, `position` is that of the earlier one. */
  readonly duplicate: boolean
  /** In its stream, for appends to one. */
  readonly revision?: number
}

export interface Epoch {
  readonly epoch: number
  /** False when the previous owner vanished without releasing the lease. */
  readonly clean: boolean
}
