import type { Committed, Unit } from '../../store/index.ts'

/** A unit that waits to be committed. */
export class Entry {
  readonly unit: Unit
  readonly bytes: number
  readonly resolve: (committed: Committed) => void
  readonly reject: (error: unknown) => void
  /** What became of it in the transaction under way. */
  outcome: Committed | undefined = undefined
  error: unknown = undefined

  constructor(unit: Unit, bytes: number, resolve: (committed: Committed) => void, reject: (error: unknown) => void) {
    this.unit = unit
    this.bytes = bytes
    this.resolve = resolve
    this.reject = reject
  }
}

/** From this many on, the place of entries that are gone is given back. */
const wasteful = 4_096

/** The units that wait, in the order in which they came. */
export class CommitQueue {
  readonly #entries: Entry[] = []
  #first = 0
  #bytes = 0
  #added = 0

  get length(): number {
    return this.#entries.length - this.#first
  }

  get bytes(): number {
    return this.#bytes
  }

  /** How many were ever added. */
  get added(): number {
    return this.#added
  }

  at(index: number): Entry | undefined {
    return this.#entries[this.#first + index]
  }

  add(entry: Entry): void {
    this.#entries.push(entry)
    this.#bytes += entry.bytes
    this.#added++
  }

  /** Takes the first `count` entries out. */
  take(count: number): readonly Entry[] {
    const taken = this.#entries.slice(this.#first, this.#first + count)
    for (const entry of taken) this.#bytes -= entry.bytes
    this.#first += count
    if (this.length === 0) {
      this.#entries.length = 0
      this.#first = 0
    } else if (this.#first >= wasteful) {
      this.#entries.splice(0, this.#first)
      this.#first = 0
    }
    return taken
  }
}
