import { deepFreeze, MillraceError } from '../base/index.ts'
import type { Contract } from './contract.ts'
import { dataOf, decodeEvent, eventOf } from './encode.ts'
import { Encoded } from './encoded.ts'
import type { EncodedEvent, Event } from './event.ts'
import { validate } from './validate.ts'

/** Finds the contract of a type; undefined for types that the application does not know. */
export type FindContract = (type: string) => Contract | undefined

/**
 * The event as its handlers get it: decoded, brought up to the contract's version, validated, frozen. A promise only
 * where the schema is asynchronous. Events of unknown types are decoded only.
 * @throws DATA_INVALID, EVENT_UNREADABLE, EVENT_VERSION_NEWER, UPCASTER_MISSING
 */
export function readEvent(encoded: EncodedEvent, find: FindContract): Event | Promise<Event> {
  const known = Encoded.readOf(encoded)
  if (known !== undefined) return known
  const contract = find(encoded.header.type)
  const event = contract === undefined ? decodeEvent(encoded) : readByContract(encoded, contract)
  Encoded.remember(encoded, event)
  return event
}

function readByContract(encoded: EncodedEvent, contract: Contract): Event | Promise<Event> {
  const raw = dataOf(encoded)
  const data = encoded.header.version === contract.version ? raw : upcast(contract, encoded.header.version, raw)
  const output = validate(contract.name, contract.schema, data)
  if (output instanceof Promise) return output.then((value) => eventOf(encoded, contract.version, deepFreeze(value)))
  return eventOf(encoded, contract.version, deepFreeze(output))
}

/** Brings data from an older version of the contract to its newest. */
function upcast(contract: Contract, from: number, raw: unknown): unknown {
  if (from > contract.version) {
    throw new MillraceError('EVENT_VERSION_NEWER', { contract: contract.name, version: from, known: contract.version })
  }
  let data = raw
  for (let version = from; version < contract.version; version++) {
    const upcaster = contract.upcasters.get(version)
    if (upcaster === undefined) {
      throw new MillraceError('UPCASTER_MISSING', { contract: contract.name, from: version, to: contract.version })
    }
    data = upcaster(data)
  }
  return data
}
