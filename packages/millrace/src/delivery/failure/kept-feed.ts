import type { Clock } from '../../base/index.ts'
import type { Store, StoredDelivery } from '../../store/index.ts'
import type { Work } from '../work.ts'

/** The wall clock may be set forward, so that it is looked at again after this time at the latest. */
const longestWaitMs = 1_000

/** What the feed needs of its subscription. */
export interface KeptFeedHost {
  offer(works: readonly Work[]): void
  workOf(kept: StoredDelivery): Work
  /** When it may be tried; null: not until an operator says so. */
  dueMs(kept: StoredDelivery): number | null
  failed(error: unknown): void
}

/**
 * Brings deliveries that were kept apart back to the lanes when their time has come. It has a bounded number of them in
 * flight, however many are due.
 */
export class KeptFeed {
  readonly #store: Store
  readonly #clock: Clock
  readonly #subscription: string
  readonly #most: number
  readonly #serial: boolean
  readonly #host: KeptFeedHost
  /** What was offered and is not settled yet. */
  readonly #inFlight = new Set<number>()
  /** What was settled while a look was under way, which may show it as it was before. */
  #settled: Set<number> | undefined
  #cancelTimer: (() => void) | undefined
  #again = false
  #more = false
  #open = true

  /** @param most how many deliveries are in flight at once; `serial`: one, and all others wait for it */
  constructor(store: Store, clock: Clock, subscription: string, most: number | 'serial', host: KeptFeedHost) {
    this.#store = store
    this.#clock = clock
    this.#subscription = subscription
    this.#serial = most === 'serial'
    this.#most = most === 'serial' ? 1 : most
    this.#host = host
  }

  /** Something was kept or changed: look for what is due. Several calls are one look. */
  poke(): void {
    if (!this.#open) return
    if (this.#settled !== undefined) {
      this.#again = true
      return
    }
    this.#again = false
    this.#settled = new Set()
    this.#look()
      .catch((error: unknown) => this.#host.failed(error))
      .finally(() => {
        this.#settled = undefined
        if (this.#again) this.poke()
      })
  }

  /** The delivery is on its way through the lanes. */
  begin(position: number): void {
    this.#inFlight.add(position)
  }

  /** The delivery was settled, as kept anew or for good. */
  end(position: number): void {
    this.#inFlight.delete(position)
    this.#settled?.add(position)
    if (this.#more && this.#hasRoom()) this.poke()
  }

  pause(): void {
    this.#open = false
    this.#cancelTimer?.()
  }

  resume(): void {
    this.#open = true
    this.poke()
  }

  /** Looks are put off until a good part of what was found has been settled, so that each finds many. */
  #hasRoom(): boolean {
    return this.#inFlight.size <= this.#most / 2
  }

  async #look(): Promise<void> {
    this.#more = true
    if (!this.#hasRoom()) return
    const limit = this.#most + this.#inFlight.size
    const rows = await (this.#serial ? this.#first() : this.#due(limit))
    if (!this.#open) return
    this.#cancelTimer?.()
    this.#more = rows.length === limit
    const now = this.#clock.now()
    const works: Work[] = []
    let nextMs = Number.POSITIVE_INFINITY
    for (const row of rows) {
      if (this.#inFlight.has(row.position) || this.#settled?.has(row.position)) continue
      const dueMs = this.#host.dueMs(row)
      if (dueMs !== null && dueMs > now) {
        nextMs = Math.min(nextMs, dueMs)
        // Those behind it are due later still, unless it is one that was put off.
        if (row.dueMs !== null && row.dueMs > now) {
          this.#more = false
          break
        }
        continue
      }
      this.begin(row.position)
      works.push(this.#host.workOf(row))
    }
    if (nextMs < Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.#clock.after(Math.min(nextMs - now, longestWaitMs), () => this.poke())
    }
    if (works.length > 0) this.#host.offer(works)
  }

  #due(limit: number): Promise<readonly StoredDelivery[]> {
    const dueBeforeMs = Number.MAX_SAFE_INTEGER
    return this.#store.readKept({ subscription: this.#subscription, state: 'due', dueBeforeMs, limit })
  }

  /** In serial order the first in the log goes first, whatever its key; while it is held, none goes. */
  async #first(): Promise<readonly StoredDelivery[]> {
    const first = await this.#store.readKept({ subscription: this.#subscription, state: 'pending', limit: 1 })
    // One that was put back behind one of its key that is under way.
    if (first[0]?.state === 'waiting') return this.#due(1)
    return first.filter(({ dueMs }) => dueMs !== null)
  }
}
