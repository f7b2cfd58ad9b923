import { deepFreeze, MillraceError } from '../base/index.ts'
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

/**
 * The event that an engine's record stands for, with its data as it was published.
 * @throws EVENT_UNREADABLE
 */
export function decodeEvent(encoded: EncodedEvent): Event {
  return eventOf(encoded, encoded.header.version, deepFreeze(dataOf(encoded)))
}

/**
 * The data of a record; undefined where it has none.
 * @throws EVENT_UNREADABLE
 */
export const dataOf = (encoded: EncodedEvent): unknown =>
  encoded.data === null ? undefined : parse(encoded, encoded.data)

function parse(encoded: EncodedEvent, json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw new MillraceError('EVENT_UNREADABLE', { type: encoded.header.type, id: encoded.id }, { cause })
  }
}

/**
 * The frozen event of a record, with data that was read already and stands at `version`.
 * @throws EVENT_UNREADABLE
 */
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
  if (encoded.attributes !== null) Object.assign(event, parse(encoded, encoded.attributes))
  return Object.freeze(event) as Event
}
