import { MillraceError } from '../../base/index.ts'
import type { Append, Appended, ExpectedRevision } from '../../store/index.ts'
import type { Log } from '../tables/log.ts'
import type { Streams } from '../tables/streams.ts'
import type { Counters } from './apply-counts.ts'
import { type Dedup, streamScope, topicScope } from './dedup.ts'

/** Appends of one unit to one stream that stand beside each other. */
interface Run {
  readonly end: number
  /** The answers if the very events are in the stream already; undefined: they are to be appended. */
  readonly duplicates: readonly Appended[] | undefined
}

/**
 * Appends to the log and to streams. What a repeated append to a stream means is taken from EventStoreDB
 * (https://docs.kurrent.io/clients/grpc/appending-events.html, "Idempotence"): at the expected revision it always appends;
 * at an older one it is a duplicate if the very events follow there; with `any` it is one if the ids are known.
 */
export class Appends {
  readonly #log: Log
  readonly #streams: Streams
  readonly #dedup: Dedup
  readonly #counters: Counters
  /** Of the unit under way, in order. */
  readonly #runs: Run[] = []

  constructor(log: Log, streams: Streams, dedup: Dedup, counters: Counters) {
    this.#log = log
    this.#streams = streams
    this.#dedup = dedup
    this.#counters = counters
  }

  /** @throws REVISION_CONFLICT */
  check(appends: readonly Append[]): void {
    this.#runs.length = 0
    for (let start = 0; start < appends.length; ) {
      const stream = appends[start]!.stream
      if (stream === undefined) {
        start++
        continue
      }
      let end = start + 1
      while (end < appends.length && appends[end]!.stream?.name === stream.name) end++
      const duplicates = this.#duplicates(appends.slice(start, end), stream.name, stream.expected)
      this.#runs.push({ end, duplicates })
      start = end
    }
  }

  apply(appends: readonly Append[]): readonly Appended[] {
    const appended: Appended[] = new Array(appends.length)
    let runs = 0
    for (let index = 0; index < appends.length; index++) {
      const append = appends[index]!
      if (append.stream === undefined) {
        appended[index] = this.#toTopic(append)
        continue
      }
      const { end, duplicates } = this.#runs[runs++]!
      for (const start = index; index < end; index++) {
        const duplicate = duplicates?.[index - start]
        if (duplicate !== undefined) this.#count(appends[index]!)
        appended[index] = duplicate ?? this.#toStream(appends[index]!, append.stream.name)
      }
      index--
    }
    return appended
  }

  #toTopic(append: Append): Appended {
    const { event, unique } = append
    if (unique !== true) return { position: this.#log.append(event), duplicate: false }
    const scope = topicScope(event.header.topic)
    const known = this.#dedup.find(event.id, scope)
    if (known !== undefined) {
      this.#count(append)
      return { position: known, duplicate: true }
    }
    const position = this.#log.append(event)
    this.#dedup.add(event.id, scope, position, this.#log.nowMs)
    return { position, duplicate: false }
  }

  /** What is not appended is counted, as a handler whose event is a duplicate is told nothing. */
  #count({ event }: Append): void {
    this.#counters.apply([{ name: 'duplicate', subject: event.header.topic, by: 1 }])
  }

  #toStream({ event, unique }: Append, stream: string): Appended {
    const revision = this.#streams.revisionOf(stream) + 1
    const position = this.#log.append(event, stream, revision)
    this.#streams.advance(stream, revision)
    if (unique === true) this.#dedup.add(event.id, streamScope(stream), position, this.#log.nowMs)
    return { position, duplicate: false, revision }
  }

  #duplicates(run: readonly Append[], stream: string, expected: ExpectedRevision): readonly Appended[] | undefined {
    const actual = this.#streams.revisionOf(stream)
    if (expected === 'any') {
      const scope = streamScope(stream)
      const known = run.map(({ event, unique }) => (unique === true ? this.#dedup.find(event.id, scope) : undefined))
      if (known.every((position) => position === undefined)) return undefined
      if (known.some((position) => position === undefined)) conflict(stream, expected, actual)
      return known.map((position) => ({
        position: position!,
        duplicate: true,
        revision: this.#streams.revisionAt(position!),
      }))
    }
    const after = expected === 'none' ? -1 : expected
    if (after === actual) return undefined
    const following = after < actual ? this.#streams.following(stream, after, run.length) : []
    if (following.length < run.length || run.some(({ event }, index) => following[index]![0] !== event.id)) {
      conflict(stream, expected, actual)
    }
    return following.map(([, position], index) => ({ position, duplicate: true, revision: after + 1 + index }))
  }
}

function conflict(stream: string, expected: ExpectedRevision, actual: number): never {
  throw new MillraceError('REVISION_CONFLICT', { stream, expected, actual })
}
