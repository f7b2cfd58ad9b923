import type { Settlement, Unit } from '../../store/index.ts'
import type { Ended } from '../attempt.ts'
import { Batch } from '../effects.ts'
import type { Work } from '../work.ts'
import type { Lane } from './lane.ts'

/** How many works share a unit at most. */
const mostWorks = 2_048
/** After this time a turn commits what it has, and the event loop may do something else. */
const longestMs = 5
/** How many works are handled between two looks at the clock. */
const worksPerLook = 16

/**
 * Works of many lanes whose handlers ended well in one turn of the event loop, one after the other. They share a unit, so that
 * such a delivery costs little more than its handler and its effects.
 */
export class Turn {
  readonly works: Work[] = []
  readonly batch = new Batch()
  /** Of each work. */
  readonly #lanes: Lane[] = []
  readonly #settle: Settlement[] = []
  readonly #monotonic: () => number
  readonly #endMs: number

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
    this.#endMs = monotonic() + longestMs
  }

  get isFull(): boolean {
    const count = this.works.length
    return count >= mostWorks || (count % worksPerLook === 0 && this.#monotonic() > this.#endMs)
  }

  /** Takes a work of a lane that ended well. */
  add(lane: Lane, work: Work, { effects }: Ended & { kind: 'done' }, settlement: Settlement): void {
    if (effects !== undefined) this.batch.absorb(effects)
    lane.turn = this
    this.works.push(work)
    this.#lanes.push(lane)
    this.#settle.push(settlement)
  }

  unit(): Unit {
    return { ...this.batch.take(), settle: this.#settle }
  }

  /** The lanes that have works in it. */
  lanes(): ReadonlySet<Lane> {
    return new Set(this.#lanes)
  }

  worksOf(lane: Lane): Work[] {
    return this.works.filter((_, index) => this.#lanes[index] === lane)
  }
}
