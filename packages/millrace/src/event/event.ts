/**
 * An event: an immutable CloudEvents 1.0 object (https://github.com/cloudevents/spec, version 1.0.2). Attribute names are
 * those of the specification and its documented extensions; other extensions stand beside them.
 */
export interface Event<T = unknown> {
  readonly specversion: '1.0'
  /** Unique within `source`. Made by Millrace (UUID version 7) unless the publisher chose it. */
  readonly id: string
  /** Which application or service published it. */
  readonly source: string
  /** The name of its contract. */
  readonly type: string
  /** When it happened, RFC 3339. */
  readonly time: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly subject?: string
  /** The version of the contract under which `data` reads now. */
  readonly dataversion?: number
  /** Events with the same key are handled in the order they were published. */
  readonly partitionkey?: string
  /** The id of the event that began the conversation this one belongs to. */
  readonly correlationid?: string
  /** The id of the event whose handling published this one. */
  readonly causationid?: string
  /** W3C Trace Context. */
  readonly traceparent?: string
  readonly tracestate?: string
  /** After this time (RFC 3339) the event is not handled any more. */
  readonly expirytime?: string
  readonly data: T
  readonly [extension: string]: unknown
}

/** What all events of one contract, topic and publisher share. Engines store it once and refer to it. */
export interface EventHeader {
  readonly topic: string
  readonly type: string
  readonly version: number
  readonly source: string
}

/** An event as engines keep and carry it: plain values, with the data already encoded. */
export interface EncodedEvent {
  readonly header: EventHeader
  readonly id: string
  readonly key: string | null
  readonly timeMs: number
  readonly expiresMs: number | null
  /** All other attributes as a JSON object: subject, correlation, causation, trace context, extensions. Null: none. */
  readonly attributes: string | null
  /** The data as JSON text. Null: the event has none. */
  readonly data: string | null
}
