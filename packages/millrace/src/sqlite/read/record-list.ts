import type { LogRecord } from '../../store/index.ts'

/** Records in the order of their positions, from which the oldest are let go. */
export class RecordList {
  #records: LogRecord[] = []
  /** Records before this index are out already. */
  #first = 0

  get length(): number {
    return this.#records.length - this.#first
  }

  add(record: LogRecord): void {
    this.#records.push(record)
  }

  /** Takes the oldest one out. */
  shift(): LogRecord | undefined {
    const oldest = this.#records[this.#first]
    if (oldest === undefined) return undefined
    this.#first++
    if (this.#first * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#first)
      this.#first = 0
    }
    return oldest
  }

  /** The record with this number, counted from 0 for the oldest. */
  at(number: number): LogRecord | undefined {
    return this.#records[this.#first + number]
  }

  get newest(): LogRecord | undefined {
    return this.#records.at(-1)
  }

  /** The number of the first record after a position. */
  after(position: number): number {
    let low = this.#first
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#records[middle]!.position > position) high = middle
      else low = middle + 1
    }
    return low - this.#first
  }
}
