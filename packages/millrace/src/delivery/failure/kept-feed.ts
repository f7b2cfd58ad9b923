import type { Clock } from '../../base/index.ts'
import type { Store } from '../../store/index.ts'
import { type Work, workOfKept } from '../work.ts'

/** What the feed needs of its subscription. */
export interface KeptFeedHost {
  offer(works: readonly Work[]): void
  suspects(position: number): boolean
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
  readonly #host: KeptFeedHost
  /** What was offered and is not settled yet. */
  readonly #inFlight = new Set<number>()
  /** What was settled while a look was under way, which may show it as it was before. */
  #settled: Set<number> | undefined
  #cancelTimer: (() => void) | undefined
  #again = false
  #more = false
  #open = true

  /** @param most how many deliveries are in flight at once */
  constructor(store: Store, clock: Clock, subscription: string, most: number, host: KeptFeedHost) {
    this.#store = store
    this.#clock = clock
    this.#subscription = subscription
    this.#most = most
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
    const rows = await this.#store.readKept({
      subscription: this.#subscription,
      state: 'due',
      dueBeforeMs: Number.MAX_SAFE_INTEGER,
      limit,
    })
    if (!this.#open) return
    this.#cancelTimer?.()
    this.#more = rows.length === limit
    const now = this.#clock.now()
    const works: Work[] = []
    for (const row of rows) {
      if (this.#inFlight.has(row.position) || this.#settled?.has(row.position)) continue
      if (row.dueMs !== null && row.dueMs > now) {
        this.#cancelTimer = this.#clock.after(row.dueMs - now, () => this.poke())
        this.#more = false
        break
      }
      this.begin(row.position)
      works.push(workOfKept(row, this.#host.suspects(row.position)))
    }
    if (works.length > 0) this.#host.offer(works)
  }
}
