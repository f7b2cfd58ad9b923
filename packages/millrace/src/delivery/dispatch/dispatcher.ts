import type { Dispatch } from '../service.ts'
import type { Work } from '../work.ts'

/** The permission to run handlers, of which there are as many as handlers may run at once. */
export interface Slot {
  /** Gives it up: no more handlers are run, only the commit is left. */
  release(): void
  /** Waits for it again. Resolves with false when nothing is to be begun any more. */
  retake(): Promise<boolean>
}

/** Runs works of one lane; resolves with those that were not begun. */
export type RunWorks = (works: readonly Work[], slot: Slot) => Promise<readonly Work[]>

/** Keys that must not go on, but for deliveries that are kept apart. */
export interface KeyGate {
  isBlocked(key: string): boolean
  /** A lane has deliveries of a blocked key: they may be withdrawn, or wait where they are. */
  onWaiting(key: string): void
}

/** Works of one key, or a single one without a key, and the slot to run their handlers in. */
class Lane implements Slot {
  readonly key: string | null
  readonly #slots: Slots
  queue: Work[] = []
  running = false
  /** It stands among those that may run next. */
  ready = false
  holdsSlot = false

  constructor(key: string | null, slots: Slots) {
    this.key = key
    this.#slots = slots
  }

  /** The first works, at most so many. */
  take(most: number): Work[] {
    if (this.queue.length > most) return this.queue.splice(0, most)
    const works = this.queue
    this.queue = []
    return works
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

/** The slots of all lanes. */
type Slots = Slot

/** A lane takes at most this many works into one batch. */
const longestBatch = 256

/**
 * Spreads deliveries over lanes: one for each order key that has deliveries now, which is gone when it is empty. At most
 * `concurrency` lanes run handlers at once; those that only wait for their commit do not count.
 */
export class Dispatcher implements Slots {
  readonly #lanes = new Map<string, Lane>()
  #ready: Lane[] = []
  /** Those of the ready lanes before it have run. */
  #next = 0
  readonly #run: RunWorks
  readonly #gate: KeyGate
  readonly #onError: (error: unknown) => void
  /** Lanes that want their slot back. They go first: what they have is older. */
  readonly #retaking: ((granted: boolean) => void)[] = []
  #concurrency: number
  #active = 0
  /** How many deliveries it has taken and not finished. */
  #unfinished = 0
  #idle: (() => void)[] = []
  #stopped = false
  #pumping = false

  /** @param onError told what ended a lane's run; the dispatcher then stands still */
  constructor(run: RunWorks, concurrency: number, gate: KeyGate, onError: (error: unknown) => void) {
    this.#run = run
    this.#concurrency = concurrency
    this.#gate = gate
    this.#onError = onError
  }

  set concurrency(value: number) {
    this.#concurrency = value
    this.#pump()
  }

  /** Takes deliveries in their order. Kept ones go before all others of their key: they are older. */
  offer(works: readonly Work[]): void {
    // They come again, to whoever takes over.
    if (this.#stopped) return
    for (const work of works) {
      this.#unfinished++
      const lane = this.#laneOf(work)
      if (work.kept) lane.queue.unshift(work)
      else lane.queue.push(work)
      if (work.kept || lane.queue.length === 1) this.#makeReady(lane)
    }
    this.#pump()
  }

  /** The key may go on. */
  wake(key: string | null): void {
    const lane = key === null ? undefined : this.#lanes.get(key)
    if (lane === undefined || lane.queue.length === 0) return
    this.#makeReady(lane)
    this.#pump()
  }

  /** Takes the deliveries of a key that were not begun, so that they can be kept apart. */
  withdraw(key: string): readonly Work[] {
    const lane = this.#lanes.get(key)
    if (lane === undefined) return []
    const works = lane.queue
    lane.queue = []
    if (!lane.running) this.#lanes.delete(key)
    this.#finish(works.length)
    return works
  }

  /** Begins nothing more. */
  stop(): void {
    this.#stopped = true
    for (const lane of this.#lanes.values()) this.#finish(lane.queue.length)
    for (const lane of this.#ready.slice(this.#next)) if (lane.key === null) this.#finish(lane.queue.length)
    this.#lanes.clear()
    this.#ready = []
    this.#next = 0
    for (const retake of this.#retaking.splice(0)) retake(false)
  }

  /** Resolves when nothing is being handled or committed. */
  drained(): Promise<void> {
    if (this.#unfinished === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  release(): void {
    this.#active--
    this.#pump()
  }

  async retake(): Promise<boolean> {
    if (this.#stopped) return false
    return new Promise((resolve) => {
      this.#retaking.push(resolve)
      this.#pump()
    })
  }

  #laneOf(work: Work): Lane {
    const key = work.orderKey
    if (key === null) return new Lane(key, this)
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = new Lane(key, this)
      this.#lanes.set(key, lane)
    }
    return lane
  }

  #makeReady(lane: Lane): void {
    if (lane.running || lane.ready) return
    lane.ready = true
    this.#ready.push(lane)
  }

  #takeReady(): Lane | undefined {
    const lane = this.#ready[this.#next]
    if (lane === undefined) {
      this.#ready = []
      this.#next = 0
      return undefined
    }
    this.#next++
    lane.ready = false
    return lane
  }

  #pump(): void {
    // Lanes whose handlers end at once call it again from within; the loop goes on by itself, and the stack stays flat.
    if (this.#pumping) return
    this.#pumping = true
    while (this.#active < this.#concurrency && !this.#stopped) {
      const retake = this.#retaking.shift()
      if (retake !== undefined) {
        this.#active++
        retake(true)
        continue
      }
      const lane = this.#takeReady()
      if (lane === undefined) break
      if (lane.queue.length === 0) continue
      if (lane.key !== null && !lane.queue[0]!.kept && this.#gate.isBlocked(lane.key)) this.#gate.onWaiting(lane.key)
      else void this.#start(lane)
    }
    this.#pumping = false
  }

  async #start(lane: Lane): Promise<void> {
    lane.running = true
    // A delivery that is kept apart goes alone: only its settlement tells which one of its key is next.
    const works = lane.take(lane.queue[0]!.kept ? 1 : longestBatch)
    this.#active++
    lane.holdsSlot = true
    try {
      const left = await this.#run(works, lane)
      if (left.length > 0 && !this.#stopped) putBack(lane.queue, left)
      this.#finish(this.#stopped ? works.length : works.length - left.length)
    } catch (error) {
      this.#finish(works.length)
      this.#stopped = true
      this.#onError(error)
    }
    lane.running = false
    if (lane.queue.length > 0 && !this.#stopped) this.#makeReady(lane)
    else if (lane.key !== null && this.#lanes.get(lane.key) === lane) this.#lanes.delete(lane.key)
    lane.release()
    this.#pump()
  }

  #finish(count: number): void {
    this.#unfinished -= count
    if (this.#unfinished > 0) return
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }
}

/** Kept deliveries may have come in the meantime: they are older, and stay in front. */
function putBack(queue: Work[], works: readonly Work[]): void {
  const place = queue.findIndex((work) => !work.kept)
  queue.splice(place < 0 ? queue.length : place, 0, ...works)
}

/** The order key of an event under a way of dispatching. */
export function orderKeyOf(dispatch: Dispatch, key: string | null): string | null {
  if (dispatch === 'serial') return ''
  return dispatch === 'keyed' ? key : null
}
