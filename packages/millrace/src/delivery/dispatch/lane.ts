import { Batch } from '../effects.ts'
import type { Work } from '../work.ts'

/** The permission to run handlers, of which there are as many as handlers may run at once. */
export interface Slot {
  /** Gives it up: no more handlers are run, only the commit is left. */
  release(): void
  /** Waits for it again. Resolves with false when nothing is to be begun any more. */
  retake(): Promise<boolean>
}

/** Works of one key, or a single one without a key, and the slot to run their handlers in. */
export class Lane implements Slot {
  readonly key: string | null
  readonly #slots: Slot
  queue: Work[]
  /** Some of its works are being handled or committed. */
  running = false
  /** It stands among those that may run next. */
  ready = false
  holdsSlot = false

  constructor(first: Work, slots: Slot) {
    this.key = first.orderKey
    // Most lanes never have more than one.
    this.queue = [first]
    this.#slots = slots
  }

  /** The first works, at most so many. */
  take(most: number): Work[] {
    if (this.queue.length > most) return this.queue.splice(0, most)
    const works = this.queue
    this.queue = []
    return works
  }

  /** Takes works back. Kept deliveries may have come in the meantime: they are older, and stay in front. */
  putBack(works: readonly Work[]): void {
    const place = this.queue.findIndex((work) => !work.kept)
    this.queue.splice(place < 0 ? this.queue.length : place, 0, ...works)
  }

  release(): void {
    if (!this.holdsSlot) return
    this.holdsSlot = false
    this.#slots.release()
  }

  async retake(): Promise<boolean> {
    if (!this.holdsSlot) this.holdsSlot = await this.#slots.retake()
    return this.holdsSlot
  }
}

/** The batch of an attempt that may turn out to need none, as most do. */
export class LazyBatch {
  #batch: Batch | undefined

  get batch(): Batch {
    this.#batch ??= new Batch()
    return this.#batch
  }
}
