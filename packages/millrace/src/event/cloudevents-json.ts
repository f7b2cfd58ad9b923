import { isMillraceError } from '../base/index.ts'
import { assertEvent, type CloudEvent, invalid } from './cloudevents.ts'
import { isJsonMediaType } from './formats.ts'

// The JSON Event Format for CloudEvents, version 1.0.2, and its batches:
// https://github.com/cloudevents/spec/blob/main/cloudevents/formats/json-format.md

export { assertAttributes, type CloudEvent } from './cloudevents.ts'

/**
 * The event that `json` holds: JSON text, or what was parsed from it. Attributes that are null are left out, as unset;
 * `data_base64` becomes `data` as a Uint8Array.
 * @throws EVENT_INVALID, with the attribute and what is wrong with it; also for CloudEvents other than 1.0
 */
export function decodeCloudEvent(json: unknown): CloudEvent {
  return fromMembers(typeof json === 'string' ? parse(json) : json)
}

/**
 * The event as JSON text. A Uint8Array as data becomes `data_base64`; attributes that are undefined are left out.
 * @throws EVENT_INVALID, also when the data cannot be written as JSON or, where its content type is another, is no string
 */
export function encodeCloudEvent(event: CloudEvent): string {
  const { data, ...attributes } = event
  assertEvent(attributes)
  return `${JSON.stringify(attributes).slice(0, -1)}${dataMember(data, event.datacontenttype)}}`
}

/**
 * The events that the batch `json` holds: JSON text, or what was parsed from it.
 * @throws EVENT_INVALID, its attribute with the event's place in the batch: `[2].source`
 */
export function decodeCloudEventBatch(json: unknown): readonly CloudEvent[] {
  const members = typeof json === 'string' ? parse(json) : json
  if (!Array.isArray(members)) throw invalid('batch', 'must be a JSON array of events')
  return eachOf(members, fromMembers)
}

/**
 * The events as the JSON text of one batch.
 * @throws EVENT_INVALID, its attribute with the event's place in the batch: `[2].source`
 */
export function encodeCloudEventBatch(events: readonly CloudEvent[]): string {
  return `[${eachOf(events, encodeCloudEvent).join()}]`
}

function eachOf<A, B>(items: readonly A[], convert: (item: A) => B): readonly B[] {
  return items.map((item, index) => {
    try {
      return convert(item)
    } catch (error) {
      if (!isMillraceError(error, 'EVENT_INVALID')) throw error
      throw invalid(`[${index}].${error.fields.attribute}`, error.fields.reason, error.cause)
    }
  })
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw invalid('JSON', `cannot be parsed: ${(cause as SyntaxError).message}`, cause)
  }
}

function fromMembers(members: unknown): CloudEvent {
  if (typeof members !== 'object' || members === null || Array.isArray(members)) {
    throw invalid('event', 'must be a JSON object')
  }
  const { data, data_base64: base64 = null, ...rest } = members as Readonly<Record<string, unknown>>
  // A member called `__proto__` stays a member here, and the check of the names refuses it.
  const attributes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
  assertEvent(attributes)
  if (base64 !== null) {
    if (data !== undefined) throw invalid('data_base64', 'must not stand beside `data`')
    return { ...attributes, data: bytesOf(base64) }
  }
  if (data === undefined) return attributes
  assertFits(data, attributes.datacontenttype)
  return { ...attributes, data }
}

function bytesOf(base64: unknown): Uint8Array {
  if (typeof base64 === 'string') {
    const bytes = Buffer.from(base64, 'base64')
    // Buffer skips what is not base64, so that only the way back tells.
    if (bytes.toString('base64') === base64) return new Uint8Array(bytes)
  }
  throw invalid('data_base64', 'must be a string of base64 with its padding (RFC 4648, section 4)')
}

function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

function dataMember(data: unknown, contentType: string | undefined): string {
  if (data === undefined) return ''
  if (data instanceof Uint8Array) return `,"data_base64":"${base64Of(data)}"`
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) throw invalid('data', 'must be a Uint8Array if binary')
  assertFits(data, contentType)
  return `,"data":${stringify(data)}`
}

function stringify(data: unknown): string {
  const reason = 'cannot be written as JSON'
  let json: string | undefined
  try {
    json = JSON.stringify(data)
  } catch (cause) {
    throw invalid('data', reason, cause)
  }
  if (json === undefined) throw invalid('data', reason)
  return json
}

function assertFits(data: unknown, contentType: string | undefined): void {
  if (typeof data === 'string' || contentType === undefined || isJsonMediaType(contentType)) return
  throw invalid('data', `must be a string or binary, as its content type is ${contentType}`)
}
