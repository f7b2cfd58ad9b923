import { Encoded } from '../../event/index.ts'
import type { LogPage, LogRecord } from '../../store/index.ts'
import type { Log } from '../tables/log.ts'
import type { LogReader } from './read-log.ts'

const maxRecords = 16_384
const maxBytes = 16 * 1024 * 1024
/** How many records are read at once where other processes have appended. */
const fillRecords = 1_000

/**
 * The newest records of the log, shared by all consumers of the process, so that each is one object for all of them and
 * those published here are never read from the file. Who is further behind reads for himself.
 */
export class Tail {
  readonly #log: Log
  readonly #reader: LogReader
  #records: LogRecord[] = []
  /** Records before this index are out already. */
  #first = 0
  #bytes = 0
  /** What is held are all records after `#from`, up to `#to`. */
  #from = 0
  #to = 0
  #readers = 0

  constructor(log: Log, reader: LogReader) {
    this.#log = log
    this.#reader = reader
  }

  /** Somebody begins to read. As long as nobody does, nothing is held. */
  enter(): void {
    if (this.#readers++ === 0) this.reset()
  }

  leave(): void {
    if (--this.#readers === 0) this.reset()
  }

  /** Lets go of all records, for instance as some were deleted. */
  reset(): void {
    this.#log.collect(this.#readers > 0)
    this.#records = []
    this.#first = this.#bytes = 0
    this.#from = this.#to = this.#log.head
  }

  /** Takes over what was committed. */
  committed(): void {
    const records = this.#log.taken()
    const newest = records.at(-1)?.position
    // Where another process has appended in between, they are read from the file with its records.
    if (newest === this.#to + records.length && newest > this.#to) this.#add(records, newest)
  }

  /** The records after a position that match; undefined when it is too far back. */
  read(after: number, limit: number, matches: (topic: string) => boolean): LogPage | undefined {
    if (after < this.#from) return undefined
    if (after >= this.#to && this.#to < this.#log.head) this.#fill()
    const records: LogRecord[] = []
    let scannedTo = Math.max(after, this.#to)
    for (let index = this.#indexAfter(after); index < this.#records.length; index++) {
      const record = this.#records[index]!
      if (!matches(record.event.header.topic)) continue
      records.push(record)
      if (records.length === limit) {
        scannedTo = record.position
        break
      }
    }
    return { records, scannedTo }
  }

  #fill(): void {
    const { records, scannedTo } = this.#reader.page({ after: this.#to, limit: fillRecords })
    this.#add(records, scannedTo)
  }

  #add(records: readonly LogRecord[], to: number): void {
    for (const record of records) {
      if (this.#readers > 1) Encoded.share(record.event)
      this.#records.push(record)
      this.#bytes += bytesOf(record)
    }
    this.#to = to
    while (this.#records.length - this.#first > maxRecords || this.#bytes > maxBytes) {
      const oldest = this.#records[this.#first++]!
      this.#bytes -= bytesOf(oldest)
      this.#from = oldest.position
    }
    if (this.#first > maxRecords) {
      this.#records.splice(0, this.#first)
      this.#first = 0
    }
  }

  #indexAfter(position: number): number {
    let low = this.#first
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#records[middle]!.position > position) high = middle
      else low = middle + 1
    }
    return low
  }
}

const bytesOf = ({ event }: LogRecord): number => 200 + (event.data?.length ?? 0) + (event.attributes?.length ?? 0)
