import { type Clock, MillraceError, type NewId } from '../base/index.ts'
import { assertAttributes } from './cloudevents-json.ts'
import type { Contract } from './contract.ts'
import { Encoded } from './encoded.ts'
import type { EncodedEvent, Event, EventHeader } from './event.ts'
import { assertEventOptions, type EventOptions } from './options.ts'

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
 * @throws CONFIG_INVALID for a wrong option, PAYLOAD_TOO_LARGE, EVENT_INVALID
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
  if (options !== undefined) assertEventOptions(contract.name, options)
  const timeMs = options?.time?.getTime() ?? composer.clock.now()
  const text = JSON.stringify(data) as string | undefined
  if (text !== undefined && text.length * 3 > composer.maxEventBytes) {
    const bytes = Buffer.byteLength(text)
    const limitBytes = composer.maxEventBytes
    if (bytes > limitBytes) throw new MillraceError('PAYLOAD_TOO_LARGE', { contract: contract.name, bytes, limitBytes })
  }
  const id = options?.id ?? composer.newId()
  const expiresMs = expiryOf(contract, options, timeMs)
  const key = options?.key ?? keyOf(contract, output)
  const attributes = options === undefined && cause === undefined ? null : attributesOf(options, cause)
  return new Encoded(headerOf(contract, source), id, key, timeMs, expiresMs, attributes, text ?? null)
}

function expiryOf(contract: Contract, options: EventOptions | undefined, timeMs: number): number | null {
  if (options?.expiresAt !== undefined) return options.expiresAt.getTime()
  const ttlMs = options?.ttlMs ?? contract.ttlMs
  return ttlMs === undefined ? null : Math.ceil(timeMs + ttlMs)
}

/** A key of another type would come back from the store as another key, and its order with it. */
function keyOf(contract: Contract, output: unknown): string | null {
  const key: unknown = contract.key(output)
  if (key === undefined || key === null) return null
  if (typeof key === 'string') return key
  throw new MillraceError('EVENT_INVALID', { attribute: 'partitionkey', reason: `is a ${typeof key}, not a string` })
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
