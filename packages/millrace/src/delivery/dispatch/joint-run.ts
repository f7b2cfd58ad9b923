import type { Attempt, Ended } from '../attempt.ts'
import type { BatchSource } from '../effects.ts'
import type { Work } from '../work.ts'
import { type Lane, type Late, LazyBatch, type Slot } from './lane.ts'
import { type Begun, isAboutUnit, type LaneHost, redo } from './run-lane.ts'
import { Turn } from './turn.ts'

/** What the joint run asks of the dispatcher. */
export interface JointRunHost extends Slot {
  /** Counts one more handler that takes its time. */
  begin(): void
  /** Counts one of them less. */
  end(): void
  /** Another handler may run. */
  readonly hasRoom: boolean
  /** The lane goes on by itself, with a work whose attempt has ended. */
  runAlone(lane: Lane, work: Work, begun: Begun): void
  /** Nothing of the lane is under way any more. */
  free(lane: Lane): void
  /** So many works are done with. */
  finish(count: number): void
  /** The lane's works are to be begun anew. */
  putBack(lane: Lane, works: readonly Work[]): void
  pump(): void
  failed(error: unknown): void
}

/** A lane whose handlers take their time gives others a turn after this time. */
const longestStintMs = 5

/**
 * Runs lanes as long as nothing is special about their works, and commits what all of them did in one turn of the event loop as
 * one unit. A lane whose handler failed, or read documents, goes on by itself: what it wants is more likely to be refused.
 */
export class JointRun {
  readonly #host: LaneHost
  readonly #dispatcher: JointRunHost
  #turn: Turn | undefined
  /** The event loop has something else to do first. */
  #resting = false

  constructor(host: LaneHost, dispatcher: JointRunHost) {
    this.#host = host
    this.#dispatcher = dispatcher
  }

  get resting(): boolean {
    return this.#resting
  }

  /** Handles works of a lane one after the other, until one of them takes its time or is not for a turn. */
  advance(lane: Lane): void {
    lane.running = true
    for (let work = lane.first; work !== undefined; work = lane.first) {
      if (work.suspect || work.kept || this.#resting || !this.#dispatcher.hasRoom) break
      lane.shift()
      // What comes after works of its own lane sees what they wrote.
      const source = lane.turn ?? new LazyBatch()
      const { attempt, ended } = this.#host.attempt(work, source)
      if (ended instanceof Promise) {
        this.#await(lane, work, attempt, ended, source)
        return
      }
      if (!this.#take(lane, { work, attempt, ended, source })) return
    }
    this.#leave(lane)
  }

  /** Commits what was done in this turn of the event loop. */
  #flush(): void {
    const turn = this.#turn
    this.#turn = undefined
    if (turn === undefined) return
    const committing = this.#host.commit(turn.unit())
    turn.batch.commits(committing)
    void this.#follow(turn, committing)
  }

  #await(lane: Lane, work: Work, attempt: Attempt, pending: Promise<Ended>, source: BatchSource): void {
    lane.trying = true
    if (lane.sinceMs === undefined) lane.sinceMs = this.#host.monotonic()
    this.#dispatcher.begin()
    void pending.then((ended) => {
      lane.trying = false
      this.#dispatcher.end()
      this.#end(lane, { work, attempt, ended, source })
      this.#dispatcher.pump()
    })
  }

  /** Goes on after an attempt that took its time. */
  #end(lane: Lane, late: Late): void {
    if (!this.#take(lane, late)) return
    if (this.#host.monotonic() - lane.sinceMs! < longestStintMs) this.advance(lane)
    else this.#leave(lane)
  }

  /** Nothing more of the lane is begun now. If it has works in a turn, that frees it when it is committed. */
  #leave(lane: Lane): void {
    lane.sinceMs = undefined
    if (lane.turn === undefined) this.#dispatcher.free(lane)
  }

  /** Takes an attempt that has ended into the turn. False when the lane does not go on in it. */
  #take(lane: Lane, late: Late): boolean {
    const { work, ended, attempt, source } = late
    if (lane.undone !== undefined) {
      this.#beginAnew(lane, [...lane.undone, work])
      return false
    }
    // What its lane did before is not durable yet; it may have to be done again, and then so must this.
    const isBehind = lane.turn !== undefined && lane.turn !== this.#turn
    if (!isBehind && ended.kind === 'done' && ended.effects?.read === undefined) {
      const turn = this.#open()
      turn.add(lane, work, ended, this.#host.acknowledge(work, ended))
      if (turn.isFull) this.#rest()
      return true
    }
    if (lane.turn === undefined) this.#dispatcher.runAlone(lane, work, { attempt, ended, batch: source.batch })
    else {
      lane.late = late
      if (lane.turn === this.#turn) this.#flush()
    }
    return false
  }

  #open(): Turn {
    if (this.#turn !== undefined) return this.#turn
    const turn = new Turn(() => this.#host.monotonic())
    this.#turn = turn
    // After all promises of this turn of the event loop have been told.
    process.nextTick(() => {
      if (this.#turn === turn) this.#flush()
    })
    return turn
  }

  #rest(): void {
    this.#flush()
    if (this.#resting) return
    this.#resting = true
    setImmediate(() => {
      this.#resting = false
      this.#dispatcher.pump()
    })
  }

  async #follow(turn: Turn, committing: Promise<void>): Promise<void> {
    try {
      await committing
    } catch (error) {
      for (const lane of turn.lanes()) void this.#redo(lane, turn.worksOf(lane), error)
      return
    }
    this.#dispatcher.finish(turn.works.length)
    for (const lane of turn.lanes()) {
      lane.turn = undefined
      const { late } = lane
      lane.late = undefined
      if (late !== undefined) this.#end(lane, late)
      else if (!lane.trying) this.#dispatcher.free(lane)
    }
    this.#dispatcher.pump()
  }

  /** Does the works of a lane again, each in a unit of its own, so that a conflict is laid to the one whose it is. */
  async #redo(lane: Lane, works: readonly Work[], reason: unknown): Promise<void> {
    let left: readonly Work[] = []
    try {
      if (!isAboutUnit(reason)) throw reason
      left = await this.#redoAll(works)
    } catch (error) {
      this.#dispatcher.failed(error)
    }
    this.#dispatcher.finish(works.length - left.length)
    if (lane.late !== undefined) this.#beginAnew(lane, [...left, lane.late.work])
    else if (lane.trying) lane.undone = left
    else this.#beginAnew(lane, left)
    this.#dispatcher.pump()
  }

  async #redoAll(works: readonly Work[]): Promise<readonly Work[]> {
    if (!(await this.#dispatcher.retake())) return works
    try {
      return await redo(this.#host, works)
    } finally {
      this.#dispatcher.release()
    }
  }

  #beginAnew(lane: Lane, works: readonly Work[]): void {
    lane.turn = lane.late = lane.undone = lane.sinceMs = undefined
    this.#dispatcher.putBack(lane, works)
    this.#dispatcher.free(lane)
  }
}
