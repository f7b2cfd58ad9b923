import type { Dispatch } from '../service.ts'
import type { Work } from '../work.ts'
import { Lane, LazyBatch, type Slot } from './lane.ts'
import { type Begun, isAboutUnit, type LaneHost, redo, runLane } from './run-lane.ts'
import { type Part, Turn } from './turn.ts'

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
export class Dispatcher implements Slot {
  readonly #lanes = new Map<string, Lane>()
  #ready: Lane[] = []
  /** Those of the ready lanes before it have run. */
  #next = 0
  readonly #host: DispatchHost
  /** Of the pump under way. */
  #turn: Turn | undefined
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
  }

  set concurrency(value: number) {
    this.#concurrency = value
    this.#pump()
  }

  /** Takes deliveries in their order. Kept ones go before all others of their key: they are older. */
  offer(works: readonly Work[]): void {
    // They come again, to whoever takes over.
    if (this.#stopped) return
    for (const work of works) this.#enqueue(work)
    this.#unfinished += works.length
    this.#pump()
  }

  /** The key may go on. */
  wake(key: string | null): void {
    const lane = key === null ? undefined : this.#lanes.get(key)
    if (lane === undefined || lane.length === 0) return
    this.#makeReady(lane)
    this.#pump()
  }

  /** Takes the deliveries of a key that were not begun, so that they can be kept apart. */
  withdraw(key: string): readonly Work[] {
    const lane = this.#lanes.get(key)
    if (lane === undefined) return []
    const works = lane.take(lane.length)
    if (!lane.running) this.#lanes.delete(key)
    this.#finish(works.length)
    return works
  }

  /** Begins nothing more. */
  stop(): void {
    this.#stopped = true
    for (const lane of this.#lanes.values()) this.#finish(lane.length)
    for (const lane of this.#ready.slice(this.#next)) if (lane.key === null) this.#finish(lane.length)
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
      const { first } = lane
      if (first === undefined) continue
      if (lane.key !== null && !first.kept && this.#host.isBlocked(lane.key)) this.#host.onWaiting(lane.key)
      else if (first.kept || first.suspect) this.#runApart(lane)
      else if (this.#runInTurn(lane)) {
        // The event loop has something else to do, too.
        setImmediate(() => this.#pump())
        break
      }
    }
    this.#flush()
    this.#pumping = false
  }

  /** A delivery that is kept apart goes alone: only its settlement tells which one of its key is next. */
  #runApart(lane: Lane): void {
    lane.running = true
    const works = lane.take(lane.first!.kept ? 1 : longestBatch)
    const { suspect } = works[0]!
    void this.#follow(lane, works, () => (suspect ? this.#host.runSuspect(works) : runLane(this.#host, works, lane)))
  }

  /** Handles works of a lane as long as their handlers end at once. True when the turn is full. */
  #runInTurn(lane: Lane): boolean {
    lane.running = true
    this.#turn ??= new Turn(() => this.#host.monotonic())
    const turn = this.#turn
    let part: Part | undefined
    for (let work = lane.first; work !== undefined && !work.suspect; work = lane.first) {
      lane.shift()
      // What comes after deliveries of its own lane sees what they wrote.
      const source = part === undefined ? new LazyBatch() : turn
      const { attempt, ended } = this.#host.attempt(work, source)
      if (ended instanceof Promise || ended.kind !== 'done') {
        this.#goOn(lane, work, part, { attempt, ended, batch: source.batch })
        return false
      }
      if (ended.effects !== undefined) turn.batch.absorb(ended.effects)
      part = turn.add(part, lane, work, this.#host.acknowledge(work, ended))
      if (turn.isFull) return true
      if (this.#stopped) break
    }
    return false
  }

  #goOn(lane: Lane, work: Work, part: Part | undefined, begun: Omit<Begun, 'before'>): void {
    let before: Begun['before']
    if (part !== undefined) {
      part.whenCommitted = Promise.withResolvers()
      before = part.whenCommitted.promise
      // Now, so that its commit is ahead of all that the lane commits from here on.
      this.#flush()
    }
    const works = [work, ...lane.take(longestBatch - 1)]
    void this.#follow(lane, works, () => runLane(this.#host, works, lane, { ...begun, before }))
  }

  async #follow(lane: Lane, works: readonly Work[], run: () => Promise<readonly Work[]>): Promise<void> {
    this.#active++
    lane.holdsSlot = true
    try {
      const left = await run()
      if (left.length > 0 && !this.#stopped) lane.putBack(left)
      this.#finish(this.#stopped ? works.length : works.length - left.length)
    } catch (error) {
      this.#finish(works.length)
      this.#fail(error)
    }
    this.#free(lane)
    lane.release()
    this.#pump()
  }

  /** Commits the turn. */
  #flush(): void {
    const turn = this.#turn
    this.#turn = undefined
    if (turn !== undefined && turn.works.length > 0) void this.#commit(turn)
  }

  async #commit(turn: Turn): Promise<void> {
    try {
      await this.#host.commit(turn.unit())
    } catch (error) {
      for (const part of turn.parts) void this.#redo(part, turn.works.slice(part.from, part.to), error)
      return
    }
    for (const { lane, whenCommitted } of turn.parts) {
      if (whenCommitted === undefined) this.#free(lane)
      else whenCommitted.resolve(undefined)
    }
    this.#finish(turn.works.length)
    this.#pump()
  }

  /** Does the works of a lane again, each in a unit of its own, so that a conflict is laid to the one whose it is. */
  async #redo({ lane, whenCommitted }: Part, works: readonly Work[], reason: unknown): Promise<void> {
    let left: readonly Work[] = []
    try {
      if (!isAboutUnit(reason)) throw reason
      left = await redo(this.#host, works, lane)
    } catch (error) {
      this.#fail(error)
    }
    if (whenCommitted !== undefined) {
      // It puts them back with its own, and counts them as unfinished again.
      this.#finish(works.length)
      whenCommitted.resolve(left)
      return
    }
    if (left.length > 0 && !this.#stopped) lane.putBack(left)
    this.#finish(this.#stopped ? works.length : works.length - left.length)
    this.#free(lane)
    lane.release()
    this.#pump()
  }

  #free(lane: Lane): void {
    lane.running = false
    if (lane.length > 0 && !this.#stopped) this.#makeReady(lane)
    else if (lane.key !== null && this.#lanes.get(lane.key) === lane) this.#lanes.delete(lane.key)
  }

  #fail(error: unknown): void {
    this.#stopped = true
    this.#host.failed(error)
  }

  #finish(count: number): void {
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
