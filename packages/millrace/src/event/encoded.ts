import type { EncodedEvent, Event, EventHeader } from './event.ts'

/**
 * An encoded event that remembers what was read from it, where several subscriptions of the process are handed the same one:
 * each event is decoded and validated once. (A WeakMap beside it costs the garbage collector more than the decoding.)
 */
export class Encoded implements EncodedEvent {
  readonly header: EventHeader
  readonly id: string
  readonly key: string | null
  readonly timeMs: number
  readonly expiresMs: number | null
  readonly attributes: string | null
  readonly data: string | null
  #read: Event | Promise<Event> | undefined = undefined
  #shared = false

  constructor(
    header: EventHeader,
    id: string,
    key: string | null,
    timeMs: number,
    expiresMs: number | null,
    attributes: string | null,
    data: string | null,
  ) {
    this.header = header
    this.id = id
    this.key = key
    this.timeMs = timeMs
    this.expiresMs = expiresMs
    this.attributes = attributes
    this.data = data
  }

  /** The event that was read from it before. */
  static readOf(encoded: EncodedEvent): Event | Promise<Event> | undefined {
    return #read in encoded ? encoded.#read : undefined
  }

  /** Remembers what was read from it, if several will ask: what nobody asks for would only live longer. */
  static remember(encoded: EncodedEvent, read: Event | Promise<Event>): void {
    if (#read in encoded && encoded.#shared) encoded.#read = read
  }

  /** Several subscriptions are going to read it. */
  static share(encoded: EncodedEvent): void {
    if (#shared in encoded) encoded.#shared = true
  }
}
