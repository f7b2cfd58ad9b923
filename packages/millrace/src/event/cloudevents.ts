import { MillraceError } from '../base/index.ts'
import { isMediaType, isTimestamp, isUri, isUriReference } from './formats.ts'

/**
 * An event as CloudEvents 1.0 has it, from wherever it comes: `time` and `data` may be absent. Every Event is one; what a
 * foreign one lacks is for whoever takes it in to complete.
 */
export interface CloudEvent<T = unknown> {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly time?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly subject?: string
  /** Any JSON value; where `datacontenttype` says other than JSON, a string. Binary data is a Uint8Array. */
  readonly data?: T
  readonly [extension: string]: unknown
}

/** What is wrong with the value of an attribute, or undefined. */
type Rule = (value: unknown) => string | undefined

const attributeName = /^[a-z0-9]+$/
const forbidden = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u

const string: Rule = (value) => {
  if (typeof value !== 'string') return 'must be a string'
  return forbidden.test(value) ? 'has a control character, a lone surrogate or a noncharacter' : undefined
}

const text: Rule = (value) => (value === '' ? 'must not be empty' : string(value))

const textThat =
  (fits: (value: string) => boolean, reason: string): Rule =>
  (value) =>
    text(value) ?? (fits(value as string) ? undefined : reason)

const timestamp = textThat(isTimestamp, 'must be an RFC 3339 time with its offset, as in 2026-04-05T17:31:00Z')

const version: Rule = (value) =>
  value === '1.0' ? undefined : (string(value) ?? `is '${String(value).slice(0, 20)}', and only '1.0' is understood`)

const integer: Rule = (value) =>
  typeof value === 'number' && (value | 0) === value ? undefined : 'must be a whole number of 32 bits'

const extension: Rule = (value) => {
  if (typeof value === 'boolean') return undefined
  if (typeof value === 'number') return integer(value)
  if (typeof value === 'string') return string(value)
  return 'must be a string, a whole number or a boolean; write a time as RFC 3339 and bytes as base64'
}

/** The attributes of the specification, and the extensions that Millrace gives a meaning. */
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['specversion', version],
  ['id', text],
  ['source', textThat(isUriReference, 'must be a URI or a relative reference (RFC 3986)')],
  ['type', text],
  ['time', timestamp],
  ['datacontenttype', textThat(isMediaType, 'must be a media type (RFC 2045)')],
  ['dataschema', textThat(isUri, 'must be a URI (RFC 3986)')],
  ['subject', text],
  ['dataversion', (value) => integer(value) ?? (Number(value) < 1 ? 'must be 1 or more' : undefined)],
  ['partitionkey', text],
  ['correlationid', text],
  ['causationid', text],
  ['traceparent', text],
  ['tracestate', string],
  ['expirytime', timestamp],
])

const required = ['specversion', 'id', 'source', 'type']

/**
 * Checks one attribute by the type system of CloudEvents 1.0. Undefined is an attribute that is not set.
 * @throws EVENT_INVALID
 */
export function assertAttribute(name: string, value: unknown): void {
  if (value === undefined) return
  if (!attributeName.test(name)) throw invalid(name, 'is no attribute name: lower-case letters and digits alone are')
  if (name === 'data') throw invalid(name, 'is no attribute')
  const reason = (rules.get(name) ?? extension)(value)
  if (reason !== undefined) throw invalid(name, reason)
}

/**
 * Checks the extension attributes that a publisher adds to an event. They cannot stand in for an attribute that the
 * specification defines or Millrace sets, and their values are strings, booleans and whole numbers of 32 bits.
 * @throws EVENT_INVALID
 */
export function assertAttributes(extensions: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(extensions)) {
    if (rules.has(name)) throw invalid(name, 'is no extension: it has an option of its own or is set by Millrace')
    assertAttribute(name, value)
  }
}

/**
 * Checks that `attributes` has what every event has, and each of its attributes.
 * @throws EVENT_INVALID
 */
export function assertEvent(attributes: Readonly<Record<string, unknown>>): asserts attributes is CloudEvent {
  // The version comes first: another one has other rules for all the rest.
  for (const name of required) {
    if (attributes[name] === undefined) throw invalid(name, 'is missing')
    if (name === 'specversion') assertAttribute(name, attributes[name])
  }
  for (const name of Object.keys(attributes)) assertAttribute(name, attributes[name])
}

/** The error for what is not a CloudEvents 1.0 event. A foreign event's attribute can have a name of any length. */
export function invalid(attribute: string, reason: string, cause?: unknown): MillraceError<'EVENT_INVALID'> {
  const fields = { attribute: attribute.slice(0, 80), reason }
  return new MillraceError('EVENT_INVALID', fields, cause === undefined ? undefined : { cause })
}
