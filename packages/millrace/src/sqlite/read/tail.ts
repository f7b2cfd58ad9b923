import { Encoded } from '../../event/index.ts'
import type { LogPage, LogRecord } from '../../store/index.ts'
import type { Log } from '../tables/log.ts'
import type { LogReader } from './read-log.ts'
import { RecordList } from './record-list.ts'
import type { TopicFilter } from './topic-filter.ts'

const maxRecords = 16_384
const maxBytes = 16 * 1024 * 1024
/** How many records are read at once where other processes have appended. */
const fillRecords = 1_000

/**
 * The newest records of the log, shared by all consumers of the process, so that each is one object for all of them and
 * those published here are never read from the file. Who is further behind reads for himself. Whoever names his topics finds
 * theirs without looking at those of others.
 */
export class Tail {
  readonly #log: Log
  readonly #reader: LogReader
  #all = new RecordList()
  #byTopic = new Map<string, RecordList>()
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
    this.#all = new RecordList()
    this.#byTopic = new Map()
    this.#bytes = 0
    this.#from = this.#to = this.#log.head
  }

  /** Takes over what was committed. */
  committed(): void {
    const records = this.#log.taken()
    const newest = records.at(-1)?.position
    // Where another process has appended in between, they are read from the file with its records.
    if (newest === this.#to + records.length && newest > this.#to) this.#add(records, newest)
  }

  /** How far the log is known to have nothing of these topics after a position; the position itself when it is not known. */
  emptyTo(after: number, { exact }: TopicFilter): number {
    if (exact === undefined || after < this.#from || this.#to < this.#log.head) return after
    for (const topic of exact) {
      const newest = this.#byTopic.get(topic)?.newest
      if (newest !== undefined && newest.position > after) return after
    }
    return Math.max(after, this.#to)
  }

  /** The records after a position that match; undefined when it is too far back. */
  read(after: number, limit: number, filter: TopicFilter): LogPage | undefined {
    if (after < this.#from) return undefined
    if (after >= this.#to && this.#to < this.#log.head) this.#fill()
    const records =
      filter.exact?.length === 1 ? this.#ofTopic(filter.exact[0]!, after, limit) : this.#matching(filter, after, limit)
    const scannedTo = records.length === limit ? records.at(-1)!.position : Math.max(after, this.#to)
    return { records, scannedTo }
  }

  #ofTopic(topic: string, after: number, limit: number): LogRecord[] {
    const list = this.#byTopic.get(topic)
    const records: LogRecord[] = []
    if (list === undefined) return records
    for (let number = list.after(after); number < list.length && records.length < limit; number++) {
      records.push(list.at(number)!)
    }
    return records
  }

  #matching({ matches }: TopicFilter, after: number, limit: number): LogRecord[] {
    const records: LogRecord[] = []
    for (let number = this.#all.after(after); number < this.#all.length && records.length < limit; number++) {
      const record = this.#all.at(number)!
      if (matches(record.event.header.topic)) records.push(record)
    }
    return records
  }

  #fill(): void {
    const { records, scannedTo } = this.#reader.page({ after: this.#to, limit: fillRecords })
    this.#add(records, scannedTo)
  }

  #add(records: readonly LogRecord[], to: number): void {
    for (const record of records) {
      if (this.#readers > 1) Encoded.share(record.event)
      this.#all.add(record)
      this.#bytes += bytesOf(record)
      this.#listOf(record.event.header.topic).add(record)
    }
    this.#to = to
    while (this.#all.length > maxRecords || this.#bytes > maxBytes) this.#letGo(this.#all.shift()!)
  }

  #letGo(oldest: LogRecord): void {
    const { topic } = oldest.event.header
    const list = this.#byTopic.get(topic)!
    list.shift()
    if (list.length === 0) this.#byTopic.delete(topic)
    this.#bytes -= bytesOf(oldest)
    this.#from = oldest.position
  }

  #listOf(topic: string): RecordList {
    let list = this.#byTopic.get(topic)
    if (list === undefined) {
      list = new RecordList()
      this.#byTopic.set(topic, list)
    }
    return list
  }
}

const bytesOf = ({ event }: LogRecord): number => 200 + (event.data?.length ?? 0) + (event.attributes?.length ?? 0)
