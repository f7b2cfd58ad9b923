import { Handed } from './handed.ts'

/** Positions as ranges, both ends included, rising: from, to, from, to, … */
export type Ranges = readonly number[]

/** What of a cursor is kept in the file. */
export interface CursorState {
  /** Everything up to here is settled. */
  readonly floor: number
  /** What is settled beyond it. Between settled deliveries a range covers also events that are none of the subscription's. */
  readonly ranges: Ranges
}

const none: Ranges = []

/**
 * Where a subscription stands in the log: which of its deliveries are handed out and not settled yet. What is settled is
 * tentative until the commit that it is part of is durable.
 *
 * All that it holds is bounded by the number of unsettled deliveries, however far beyond them others are settled.
 */
export class Cursor {
  /** Every event of the subscription up to here was handed out or is settled. */
  #scannedTo: number
  /** What is settled beyond that, from before a restart or by somebody who read the log by himself. */
  #beyond: Ranges
  /** What was handed out, from the first that is not durably settled on. */
  readonly #handed = new Handed()
  /** The highest position that is known as settled, and is scanned. */
  #highest = 0
  #beyondBefore: Ranges | undefined

  constructor(state: CursorState) {
    this.#scannedTo = state.floor
    this.#beyond = state.ranges
    this.#absorb()
  }

  get scannedTo(): number {
    return this.#scannedTo
  }

  /** How many deliveries are handed out and not durably settled. */
  get unsettled(): number {
    return this.#handed.unsettled
  }

  /** True when the event at this position, which is beyond what was scanned, is settled already. */
  isSettledBeyond(position: number): boolean {
    return contains(this.#beyond, position)
  }

  /** Notes that a delivery is handed out. Positions come in rising order. */
  handOut(position: number): void {
    this.#handed.add(position)
  }

  /** Notes that no other event of the subscription is up to `position`. */
  scanned(position: number): void {
    if (position > this.#scannedTo) this.#scannedTo = position
    this.#absorb()
  }

  /** True when the event at this position can be settled: it is not yet. */
  isOpen(position: number): boolean {
    if (position > this.#scannedTo) return !contains(this.#beyond, position)
    return this.#handed.isOpen(position)
  }

  /** Settles the event at this position, tentatively. False when it is settled already. */
  settle(position: number): boolean {
    if (position <= this.#scannedTo) return this.#handed.settle(position)
    if (contains(this.#beyond, position)) return false
    this.#beyondBefore ??= this.#beyond
    this.#beyond = including(this.#beyond, position)
    return true
  }

  /** What is settled, tentatively settled deliveries included. */
  state(): CursorState {
    const highest = Math.max(this.#highest, this.#handed.highestTentative)
    let floor: number | undefined
    const ranges: number[] = []
    let from = 0
    for (const position of this.#handed.open()) {
      if (floor === undefined) floor = position - 1
      else if (from < position) ranges.push(from, Math.min(position - 1, highest))
      from = position + 1
      if (position > highest) return withFloor(floor, ranges, this.#beyond)
    }
    if (floor === undefined) floor = this.#scannedTo
    else if (from <= this.#scannedTo) ranges.push(from, this.#scannedTo)
    return withFloor(floor, ranges, this.#beyond)
  }

  /** The transaction with all that was settled is durable. */
  commit(): void {
    this.#highest = Math.max(this.#highest, this.#handed.highestTentative)
    this.#handed.commit()
    this.#beyondBefore = undefined
    this.#absorb()
  }

  /** Nothing of what was settled since the last commit is. */
  rollBack(): void {
    this.#handed.rollBack()
    if (this.#beyondBefore === undefined) return
    this.#beyond = this.#beyondBefore
    this.#beyondBefore = undefined
  }

  /** Takes back what was handed out and is not settled, to be handed out once more. Only between transactions. */
  restart(): void {
    const { floor, ranges } = this.state()
    this.#handed.clear()
    this.#highest = 0
    this.#scannedTo = floor
    this.#beyond = ranges
    this.#absorb()
  }

  /** Forgets ranges that are scanned by now, and moves on over one that begins where the scanned part ends. */
  #absorb(): void {
    const beyond = this.#beyond
    let passed = 0
    while (passed < beyond.length && beyond[passed]! <= this.#scannedTo + 1) {
      this.#scannedTo = Math.max(this.#scannedTo, beyond[passed + 1]!)
      this.#highest = Math.max(this.#highest, beyond[passed + 1]!)
      passed += 2
    }
    if (passed > 0) this.#beyond = passed === beyond.length ? none : beyond.slice(passed)
  }
}

/** The ranges as text: the distance of each end from the one before, which takes few digits. */
export function encodeRanges(floor: number, ranges: Ranges): string {
  let text = ''
  let before = floor
  for (const end of ranges) {
    text += text === '' ? end - before : ` ${end - before}`
    before = end
  }
  return text
}

/** Reads what `encodeRanges` wrote. */
export function decodeRanges(floor: number, text: string): Ranges {
  if (text === '') return none
  let before = floor
  return text.split(' ').map((distance) => {
    before += Number(distance)
    return before
  })
}

/** Joins ranges that touch, and takes into the floor what touches it. */
function withFloor(floor: number, ranges: number[], beyond: Ranges): CursorState {
  for (const end of beyond) ranges.push(end)
  if (ranges.length === 0) return { floor, ranges: none }
  let reached = floor
  const joined: number[] = []
  for (let index = 0; index < ranges.length; index += 2) {
    const from = ranges[index]!
    const to = ranges[index + 1]!
    if (joined.length === 0 && from <= reached + 1) reached = Math.max(reached, to)
    else if (joined.length > 0 && from <= joined.at(-1)! + 1) joined[joined.length - 1] = to
    else joined.push(from, to)
  }
  return { floor: reached, ranges: joined }
}

function contains(ranges: Ranges, position: number): boolean {
  for (let index = 0; index < ranges.length; index += 2) {
    if (position < ranges[index]!) return false
    if (position <= ranges[index + 1]!) return true
  }
  return false
}

function including(ranges: Ranges, position: number): Ranges {
  const grown = [...ranges]
  let index = 0
  while (index < grown.length && grown[index + 1]! < position) index += 2
  const touchesLeft = index > 0 && grown[index - 1] === position - 1
  const touchesRight = grown[index] === position + 1
  if (touchesLeft && touchesRight) grown.splice(index - 1, 2)
  else if (touchesLeft) grown[index - 1] = position
  else if (touchesRight) grown[index] = position
  else grown.splice(index, 0, position, position)
  return grown
}
