import { deepFreeze } from '../base/index.ts'
import type { EncodedEvent, Event } from './event.ts'

let cachedMs = Number.NaN
let cachedText = ''

/** RFC 3339 text of a time in milliseconds. Many events share a millisecond, so the last answer is kept. */
export function timeText(timeMs: number): string {
  if (timeMs !== cachedMs) {
    cachedText = new Date(timeMs).toISOString()
    cachedMs = timeMs
  }
  return cachedText
}

/** The event that an engine's record stands for, with its data as it was published. */
export function decodeEvent(encoded: EncodedEvent): Event {
  const data = encoded.data === null ? undefined : deepFreeze(JSON.parse(encoded.data))
  return eventOf(encoded, encoded.header.version, data)
}

/** The frozen event of a record, with data that was read already and stands at `version`. */
export function eventOf(encoded: EncodedEvent, version: number, data: unknown): Event {
  const { header } = encoded
  const event: Record<string, unknown> = {
    specversion: '1.0',
    id: encoded.id,
    source: header.source,
    type: header.type,
    time: timeText(encoded.timeMs),
    datacontenttype: 'application/json',
    dataversion: version,
    correlationid: encoded.id,
    data,
  }
  if (encoded.key !== null) event.partitionkey = encoded.key
  if (encoded.expiresMs !== null) event.expirytime = timeText(encoded.expiresMs)
  if (encoded.attributes !== null) Object.assign(event, JSON.parse(encoded.attributes))
  return Object.freeze(event) as Event
}
