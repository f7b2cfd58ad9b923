const open = 0
const tentative = 1
const settled = 2

/**
 * The positions that were handed out, in rising order, with what became of each: a ring, as every event of every
 * subscription passes here. (Sets that are filled and emptied all the time leave their old tables to the garbage collector.)
 */
export class Handed {
  #positions = new Float64Array(16)
  #states = new Uint8Array(16)
  /** Numbers of the first one and of the one after the last; each stands at its number modulo the length. */
  #first = 0
  #end = 0
  #settled = 0
  /** Numbers of those that are settled in the transaction under way. */
  readonly #tentative: number[] = []
  #highestTentative = 0

  /** How many are not durably settled. */
  get unsettled(): number {
    return this.#end - this.#first - this.#settled
  }

  /** The highest position that is settled in the transaction under way; 0 when there is none. */
  get highestTentative(): number {
    return this.#highestTentative
  }

  /** @param position higher than all before */
  add(position: number): void {
    if (this.#end - this.#first === this.#positions.length) this.#grow()
    const at = this.#end++ & (this.#positions.length - 1)
    this.#positions[at] = position
    this.#states[at] = open
  }

  isOpen(position: number): boolean {
    const number = this.#find(position)
    return number !== undefined && this.#states[number & (this.#positions.length - 1)] === open
  }

  /** Settles a position in the transaction under way. False when it was not open. */
  settle(position: number): boolean {
    const number = this.#find(position)
    if (number === undefined) return false
    const at = number & (this.#positions.length - 1)
    if (this.#states[at] !== open) return false
    this.#states[at] = tentative
    this.#tentative.push(number)
    if (position > this.#highestTentative) this.#highestTentative = position
    return true
  }

  /** The positions that are not settled, not even tentatively, in rising order. */
  *open(): Generator<number, void, undefined> {
    const mask = this.#positions.length - 1
    for (let number = this.#first; number < this.#end; number++) {
      if (this.#states[number & mask] === open) yield this.#positions[number & mask]!
    }
  }

  /** The transaction is durable. */
  commit(): void {
    const mask = this.#positions.length - 1
    for (const number of this.#tentative) this.#states[number & mask] = settled
    this.#settled += this.#tentative.length
    this.#forgetTentative()
    while (this.#first < this.#end && this.#states[this.#first & mask] === settled) {
      this.#first++
      this.#settled--
    }
  }

  /** Nothing of the transaction happened. */
  rollBack(): void {
    const mask = this.#positions.length - 1
    for (const number of this.#tentative) this.#states[number & mask] = open
    this.#forgetTentative()
  }

  clear(): void {
    this.#first = this.#end = this.#settled = 0
    this.#forgetTentative()
  }

  #forgetTentative(): void {
    this.#tentative.length = 0
    this.#highestTentative = 0
  }

  /** The number of a position; undefined when it is not among them. */
  #find(position: number): number | undefined {
    const mask = this.#positions.length - 1
    let low = this.#first
    let high = this.#end - 1
    if (low > high) return undefined
    // Where a subscription takes every event of the log, its place is known.
    const likely = low + position - this.#positions[low & mask]!
    if (likely >= low && likely <= high && this.#positions[likely & mask] === position) return likely
    while (low <= high) {
      const middle = Math.floor((low + high) / 2)
      const found = this.#positions[middle & mask]!
      if (found === position) return middle
      if (found < position) low = middle + 1
      else high = middle - 1
    }
    return undefined
  }

  #grow(): void {
    const length = this.#positions.length
    const positions = new Float64Array(length * 2)
    const states = new Uint8Array(length * 2)
    for (let number = this.#first; number < this.#end; number++) {
      const from = number & (length - 1)
      const to = number & (length * 2 - 1)
      positions[to] = this.#positions[from]!
      states[to] = this.#states[from]!
    }
    this.#positions = positions
    this.#states = states
  }
}
