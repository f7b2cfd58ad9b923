import type { Clock, NewId } from '../base/index.ts'
import { MillraceError } from '../base/index.ts'
import { assertAttributes } from './cloudevents-json.ts'
import type { Contract } from './contract.ts'
import type { EncodedEvent, Event, EventHeader } from './event.ts'

/** What a publisher may say about one event beside its data. */
export interface EventOptions {
  /** Chosen by the caller: publishing the same id to the same topic again is answered as a duplicate. */
  readonly id?: string
  /** Overrides the key that the contract finds in the data. */
  readonly key?: string
  /** When it happened. Default: now. */
  readonly time?: Date
  readonly subject?: string
  /** After this time nobody handles it any more. */
  readonly expiresAt?: Date
  /** The same as a span of time, in milliseconds. */
  readonly ttlMs?: number
  readonly correlationId?: string
  readonly traceparent?: string
  readonly tracestate?: string
  /** Further CloudEvents extension attributes: lower-case letters and digits. */
  readonly extensions?: Readonly<Record<string, string | number | boolean>>
}

export interface Composer {
  readonly clock: Clock
  readonly newId: NewId
  readonly maxEventBytes: number
  /**
   * Asks whether messages of the contract may be published: it must be registered, and a command or query must have a
   * handler. Undefined when that is known; a promise the first time.
   */
  readonly admit: (contract: Contract) => Promise<void> | undefined
}

const headers = new WeakMap<Contract, Map<string, EventHeader>>()

/** The header of a contract's events from one source. The same object each time, so that engines know it by identity. */
function headerOf(contract: Contract, source: string): EventHeader {
  let bySource = headers.get(contract)
  if (bySource === undefined) {
    bySource = new Map()
    headers.set(contract, bySource)
  }
  let header = bySource.get(source)
  if (header === undefined) {
    header = Object.freeze({ topic: contract.topic, type: contract.name, version: contract.version, source })
    bySource.set(source, header)
  }
  return header
}

/**
 * Encodes an event of a contract. `data` is what travels, `output` what the schema made of it (for the key), `cause` the
 * event being handled, from which correlation, causation and trace context flow.
 * @throws PAYLOAD_TOO_LARGE, EVENT_INVALID, EVENT_EXPIRED
 */
export function composeEvent(
  composer: Composer,
  contract: Contract,
  source: string,
  data: unknown,
  output: unknown,
  options: EventOptions | undefined,
  cause: Event | undefined,
): EncodedEvent {
  const timeMs = options?.time?.getTime() ?? composer.clock.now()
  const text = JSON.stringify(data) as string | undefined
  if (text !== undefined && text.length * 3 > composer.maxEventBytes) {
    const bytes = Buffer.byteLength(text)
    const limitBytes = composer.maxEventBytes
    if (bytes > limitBytes) throw new MillraceError('PAYLOAD_TOO_LARGE', { contract: contract.name, bytes, limitBytes })
  }
  const id = options?.id ?? composer.newId()
  const expiresMs = expiryOf(contract, options, timeMs)
  if (expiresMs !== null && expiresMs <= composer.clock.now()) throw new MillraceError('EVENT_EXPIRED', { id })
  return {
    header: headerOf(contract, source),
    id,
    key: options?.key ?? contract.key(output) ?? null,
    timeMs,
    expiresMs,
    attributes: options === undefined && cause === undefined ? null : attributesOf(options, cause),
    data: text ?? null,
  }
}

function expiryOf(contract: Contract, options: EventOptions | undefined, timeMs: number): number | null {
  if (options?.expiresAt !== undefined) return options.expiresAt.getTime()
  const ttlMs = options?.ttlMs ?? contract.ttlMs
  return ttlMs === undefined ? null : timeMs + ttlMs
}

function attributesOf(options: EventOptions | undefined, cause: Event | undefined): string | null {
  const attributes: Record<string, unknown> = {
    subject: options?.subject,
    correlationid: options?.correlationId ?? cause?.correlationid ?? cause?.id,
    causationid: cause?.id,
    traceparent: options?.traceparent ?? cause?.traceparent,
    tracestate: options?.tracestate ?? cause?.tracestate,
  }
  if (options?.extensions !== undefined) {
    assertAttributes(options.extensions)
    Object.assign(attributes, options.extensions)
  }
  const text = JSON.stringify(attributes)
  return text === '{}' ? null : text
}
