import { Encoded, type EncodedEvent } from '../../event/index.ts'
import type { LogRecord, StreamRecord } from '../../store/index.ts'
import type { Kinds } from './kinds.ts'

/** The columns in which kept deliveries and timers hold an event; their `time` is the time itself. */
export type EventRow = readonly [
  kind: number,
  time: number,
  id: string,
  key: string | null,
  expires: number | null,
  attributes: string | null,
  data: string | null,
]

/** The columns of the log that make a record; their `time` counts from the time of the append, which takes fewer bytes. */
export const logColumns = 'position, appended, kind, time, id, key, expires, attributes, data'

export type LogRow = readonly [position: number, appended: number, ...event: EventRow]

export type StreamRow = readonly [...LogRow, revision: number]

export function eventOf(kinds: Kinds, [kind, timeMs, id, key, expiresMs, attributes, data]: EventRow): EncodedEvent {
  return new Encoded(kinds.header(kind), id, key, timeMs, expiresMs, attributes, data)
}

/**
 * A record as it was read. A class and no literal: V8 notes how long the objects of a literal live, sees at the start that
 * they outlive a small nursery, and then makes all of them in the old space, where they keep what they refer to alive.
 */
class ReadRecord implements LogRecord {
  readonly position: number
  readonly appendedMs: number
  readonly event: EncodedEvent

  constructor(position: number, appendedMs: number, event: EncodedEvent) {
    this.position = position
    this.appendedMs = appendedMs
    this.event = event
  }
}

export function recordOf(kinds: Kinds, row: LogRow | StreamRow): LogRecord {
  const appendedMs = row[1]
  const event = new Encoded(kinds.header(row[2]), row[4], row[5], appendedMs + row[3], row[6], row[7], row[8])
  return new ReadRecord(row[0], appendedMs, event)
}

export function streamRecordOf(kinds: Kinds, row: StreamRow): StreamRecord {
  return { ...recordOf(kinds, row), revision: row[9] }
}
