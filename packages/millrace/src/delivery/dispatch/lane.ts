import type { Attempt, Ended } from '../attempt.ts'
import { Batch, type BatchSource } from '../effects.ts'
import type { Work } from '../work.ts'

/** The permission to run handlers, of which there are as many as handlers may run at once. */
export interface Slot {
  /** Gives it up: no more handlers are run, only the commit is left. */
  release(): void
  /** Waits for it again. Resolves with false when nothing is to be begun any more. */
  retake(): Promise<boolean>
}

/** An attempt that has ended. */
export interface Late {
  readonly work: Work
  readonly attempt: Attempt
  readonly ended: Ended
  readonly source: BatchSource
}

const none: readonly Work[] = Object.freeze([])

/** From this many works on that are gone, their places are given back. */
const wasteful = 1_024

/** Works of one key, or a single one without a key, and the slot to run their handlers in. */
export class Lane implements Slot {
  readonly key: string | null
  readonly #slots: Slot
  /** Most lanes never have more than one work: no list is made for that. */
  #first: Work | undefined
  #rest: readonly Work[] = none
  /** The rest begins here. */
  #next = 0
  /** Some of its works are being handled or committed. */
  running = false
  /** It stands among those that may run next. */
  ready = false
  holdsSlot = false
  /** The turn that has works of it, and is not committed. */
  turn: BatchSource | undefined
  /** A handler of it takes its time. */
  trying = false
  /** An attempt that ended before its lane's earlier works were durable. */
  late: Late | undefined
  /** Earlier works that have to be begun anew, before the one that is being tried. */
  undone: readonly Work[] | undefined
  /** Since when its handlers have been taking their time, in milliseconds of monotonic time. */
  sinceMs: number | undefined

  constructor(first: Work, slots: Slot) {
    this.key = first.orderKey
    this.#first = first
    this.#slots = slots
  }

  get length(): number {
    return this.#first === undefined ? 0 : 1 + this.#rest.length - this.#next
  }

  /** The work that is next. */
  get first(): Work | undefined {
    return this.#first
  }

  /** Takes the first work out. */
  shift(): Work | undefined {
    const first = this.#first
    this.#first = this.#rest[this.#next]
    if (this.#first !== undefined) this.#next++
    return first
  }

  /** Takes the first works out, at most so many. */
  take(most: number): Work[] {
    const works: Work[] = []
    for (let work = this.#first; work !== undefined && works.length < most; work = this.#first) {
      works.push(work)
      this.shift()
    }
    return works
  }

  /** Adds a delivery. One that is kept apart goes before all others: it is older. */
  add(work: Work): void {
    if (this.#next >= wasteful) this.#set(this.take(this.length))
    if (this.#first === undefined) this.#set([work])
    else if (work.kept) this.#set([work, this.#first, ...this.#rest.slice(this.#next)])
    else if (this.#rest === none) this.#rest = [work]
    else (this.#rest as Work[]).push(work)
  }

  /** Takes works back. Kept deliveries may have come in the meantime: they are older, and stay in front. */
  putBack(works: readonly Work[]): void {
    const queue = this.take(this.length)
    const place = queue.findIndex((work) => !work.kept)
    queue.splice(place < 0 ? queue.length : place, 0, ...works)
    this.#set(queue)
  }

  #set([first, ...rest]: readonly Work[]): void {
    this.#first = first
    this.#rest = rest.length === 0 ? none : rest
    this.#next = 0
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
