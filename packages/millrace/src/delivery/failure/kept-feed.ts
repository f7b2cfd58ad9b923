import type { Clock } from '../../base/index.ts'
import type { Store } from '../../store/index.ts'
import { type Work, workOfKept } from '../work.ts'

/** At most this many kept deliveries are read at once. */
const pageSize = 128

/** Brings deliveries that were kept apart back to the lanes when their time has come. */
export class KeptFeed {
  readonly #store: Store
  readonly #clock: Clock
  readonly #subscription: string
  readonly #offer: (works: readonly Work[]) => void
  readonly #suspects: (position: number) => boolean
  readonly #onError: (error: unknown) => void
  /** What was offered and is not settled yet, by position. */
  readonly #inFlight = new Map<number, Work>()
  #cancelTimer: (() => void) | undefined
  #checking: Promise<void> | undefined
  #again = false
  #open = true

  constructor(
    store: Store,
    clock: Clock,
    subscription: string,
    offer: (works: readonly Work[]) => void,
    suspects: (position: number) => boolean,
    onError: (error: unknown) => void,
  ) {
    this.#store = store
    this.#clock = clock
    this.#subscription = subscription
    this.#offer = offer
    this.#suspects = suspects
    this.#onError = onError
  }

  /** Something was kept, settled or changed: look for what is due. Several calls are one look. */
  poke(): void {
    if (!this.#open) return
    if (this.#checking !== undefined) {
      this.#again = true
      return
    }
    this.#checking = this.#check()
      .catch(this.#onError)
      .finally(() => {
        this.#checking = undefined
        if (this.#again) {
          this.#again = false
          this.poke()
        }
      })
  }

  /** The delivery is on its way through the lanes. */
  begin(work: Work): void {
    this.#inFlight.set(work.record.position, work)
  }

  /** The delivery was settled, as kept anew or for good. */
  end(position: number): Work | undefined {
    const work = this.#inFlight.get(position)
    this.#inFlight.delete(position)
    return work
  }

  pause(): void {
    this.#open = false
    this.#cancelTimer?.()
  }

  resume(): void {
    this.#open = true
    this.poke()
  }

  async #check(): Promise<void> {
    const rows = await this.#store.readKept({
      subscription: this.#subscription,
      state: 'due',
      dueBeforeMs: Number.MAX_SAFE_INTEGER,
      limit: pageSize + this.#inFlight.size,
    })
    if (!this.#open) return
    this.#cancelTimer?.()
    const now = this.#clock.now()
    const works: Work[] = []
    for (const row of rows) {
      if (this.#inFlight.has(row.position)) continue
      if (row.dueMs !== null && row.dueMs > now) {
        this.#cancelTimer = this.#clock.after(row.dueMs - now, () => this.poke())
        break
      }
      const work = workOfKept(row, this.#suspects(row.position))
      this.begin(work)
      works.push(work)
    }
    if (works.length > 0) this.#offer(works)
  }
}
