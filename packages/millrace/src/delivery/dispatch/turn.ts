import type { Settlement, Unit } from '../../store/index.ts'
import { Batch } from '../effects.ts'
import type { Work } from '../work.ts'
import type { Lane } from './lane.ts'

/** What a lane gives to a turn: a stretch of the turn's works. */
export interface Part {
  readonly lane: Lane
  readonly from: number
  to: number
  /** Set when the lane goes on by itself with a further work, which must know what became of these. */
  whenCommitted: PromiseWithResolvers<readonly Work[] | undefined> | undefined
}

/** How many works share a unit at most. */
const mostWorks = 2_048
/** After this time a turn commits what it has, and the event loop may do something else. */
const longestMs = 5
/** How many works are handled between two looks at the clock. */
const worksPerLook = 16

/**
 * Works of many lanes whose handlers ended at once, one after the other. They share a unit, so that such a delivery costs
 * little more than its handler and its effects.
 */
export class Turn {
  readonly works: Work[] = []
  readonly parts: Part[] = []
  readonly batch = new Batch()
  readonly #settle: Settlement[] = []
  readonly #monotonic: () => number
  readonly #endMs: number

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
    this.#endMs = monotonic() + longestMs
  }

  /** How many more works it takes. */
  get room(): number {
    return mostWorks - this.works.length
  }

  get isFull(): boolean {
    const count = this.works.length
    return count >= mostWorks || (count % worksPerLook === 0 && this.#monotonic() > this.#endMs)
  }

  /** Takes a work that ended well; `part` is that of its lane, if it has one. */
  add(part: Part | undefined, lane: Lane, work: Work, settlement: Settlement): Part {
    let of = part
    if (of === undefined) {
      of = { lane, from: this.works.length, to: this.works.length, whenCommitted: undefined }
      this.parts.push(of)
    }
    this.works.push(work)
    this.#settle.push(settlement)
    of.to++
    return of
  }

  unit(): Unit {
    return { ...this.batch.take(), settle: this.#settle }
  }
}
