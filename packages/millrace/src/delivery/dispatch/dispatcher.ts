import type { Dispatch } from '../service.ts'
import type { Work } from '../work.ts'
import { JointRun, type JointRunHost } from './joint-run.ts'
import { Lane } from './lane.ts'
import { type Begun, type LaneHost, runLane } from './run-lane.ts'

/** What the dispatcher needs of its subscription. */
export interface DispatchHost extends LaneHost {
  /** True when the key must not go on, but for deliveries that are kept apart. */
  isBlocked(key: string): boolean
  /** A lane has deliveries of a blocked key: they may be withdrawn, or wait where they are. */
  onWaiting(key: string): void
  /** Runs works that need more than their handler, as the first one is suspect; resolves with those that were not begun. */
  runSuspect(works: readonly Work[]): Promise<readonly Work[]>
  /** Told what ended a lane's run; the dispatcher then stands still. */
  failed(error: unknown): void
}

/** A lane that goes on by itself takes at most this many works into one batch. */
const longestBatch = 256

/**
 * Spreads deliveries over lanes: one for each order key that has deliveries now, which is gone when it is empty. At most
 * `concurrency` lanes run handlers at once; those that only wait for their commit do not count.
 */
export class Dispatcher implements JointRunHost {
  readonly #lanes = new Map<string, Lane>()
  #ready: Lane[] = []
  /** Those of the ready lanes before it have run. */
  #next = 0
  readonly #host: DispatchHost
  readonly #joint: JointRun
  /** Lanes that want their slot back. They go first: what they have is older. */
  readonly #retaking: ((granted: boolean) => void)[] = []
  #concurrency: number
  #active = 0
  /** How many deliveries it has taken and not finished. */
  #unfinished = 0
  #idle: (() => void)[] = []
  #stopped = false
  #pumping = false

  constructor(host: DispatchHost, concurrency: number) {
    this.#host = host
    this.#concurrency = concurrency
    this.#joint = new JointRun(host, this)
  }

  set concurrency(value: number) {
    this.#concurrency = value
    this.pump()
  }

  /** Takes deliveries in their order. Kept ones go before all others of their key: they are older. */
  offer(works: readonly Work[]): void {
    // They come again, to whoever takes over.
    if (this.#stopped) return
    for (const work of works) this.#enqueue(work)
    this.#unfinished += works.length
    this.pump()
  }

  /** The key may go on. */
  wake(key: string | null): void {
    const lane = key === null ? undefined : this.#lanes.get(key)
    if (lane === undefined || lane.length === 0) return
    this.#makeReady(lane)
    this.pump()
  }

  /** Takes the deliveries of a key that were not begun, so that they can be kept apart. */
  withdraw(key: string): readonly Work[] {
    const lane = this.#lanes.get(key)
    if (lane === undefined) return []
    const works = lane.take(lane.length)
    if (!lane.running) this.#lanes.delete(key)
    this.finish(works.length)
    return works
  }

  /** Begins nothing more. */
  stop(): void {
    this.#stopped = true
    for (const lane of this.#lanes.values()) this.finish(lane.length)
    for (const lane of this.#ready.slice(this.#next)) if (lane.key === null) this.finish(lane.length)
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
    this.pump()
  }

  async retake(): Promise<boolean> {
    if (this.#stopped) return false
    return new Promise((resolve) => {
      this.#retaking.push(resolve)
      this.pump()
    })
  }

  #enqueue(work: Work): void {
    const key = work.orderKey
    const lane = key === null ? undefined : this.#lanes.get(key)
    if (lane === undefined) {
      const made = new Lane(work, this)
      if (key !== null) this.#lanes.set(key, made)
      this.#makeReady(made)
      return
    }
    lane.add(work)
    if (work.kept || lane.length === 1) this.#makeReady(lane)
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

  begin(): void {
    this.#active++
  }

  end(): void {
    this.#active--
  }

  get hasRoom(): boolean {
    return this.#active < this.#concurrency && !this.#stopped
  }

  pump(): void {
    // Lanes whose handlers end at once call it again from within; the loop goes on by itself, and the stack stays flat.
    if (this.#pumping) return
    this.#pumping = true
    while (this.hasRoom && !this.#joint.resting) {
      const retake = this.#retaking.shift()
      if (retake !== undefined) {
        this.#active++
        retake(true)
        continue
      }
      const lane = this.#takeReady()
      if (lane === undefined) break
      const { first } = lane
      if (first === undefined) continue
      if (lane.key !== null && !first.kept && this.#host.isBlocked(lane.key)) this.#host.onWaiting(lane.key)
      else if (first.kept || first.suspect) this.#runApart(lane)
      else this.#joint.advance(lane)
    }
    this.#pumping = false
  }

  runAlone(lane: Lane, work: Work, begun: Begun): void {
    const works = [work, ...lane.take(longestBatch - 1)]
    void this.#follow(lane, works, () => runLane(this.#host, works, lane, begun))
  }

  /** A delivery that is kept apart goes alone: only its settlement tells which one of its key is next. */
  #runApart(lane: Lane): void {
    lane.running = true
    const works = lane.take(lane.first!.kept ? 1 : longestBatch)
    const { suspect } = works[0]!
    void this.#follow(lane, works, () => (suspect ? this.#host.runSuspect(works) : runLane(this.#host, works, lane)))
  }

  async #follow(lane: Lane, works: readonly Work[], run: () => Promise<readonly Work[]>): Promise<void> {
    this.#active++
    lane.holdsSlot = true
    try {
      const left = await run()
      this.finish(works.length - left.length)
      this.putBack(lane, left)
    } catch (error) {
      this.finish(works.length)
      this.failed(error)
    }
    this.free(lane)
    lane.release()
    this.pump()
  }

  putBack(lane: Lane, works: readonly Work[]): void {
    if (works.length === 0) return
    if (this.#stopped) this.finish(works.length)
    else lane.putBack(works)
  }

  free(lane: Lane): void {
    lane.running = false
    if (lane.length > 0 && !this.#stopped) this.#makeReady(lane)
    else if (lane.key !== null && this.#lanes.get(lane.key) === lane) this.#lanes.delete(lane.key)
  }

  failed(error: unknown): void {
    this.#stopped = true
    this.#host.failed(error)
  }

  finish(count: number): void {
    this.#unfinished -= count
    if (this.#unfinished > 0) return
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }
}

/** The order key of an event under a way of dispatching. */
export function orderKeyOf(dispatch: Dispatch, key: string | null): string | null {
  if (dispatch === 'serial') return ''
  return dispatch === 'keyed' ? key : null
}
