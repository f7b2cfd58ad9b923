import type { EncodedEvent } from '../../event/index.ts'
import type { Unit } from '../../store/index.ts'

/** What an entry of a unit costs beside its text, roughly. */
const overhead = 100

/** About how many bytes a unit takes in memory and in the file: enough to bound both. */
export function bytesOf(unit: Unit): number {
  let bytes = overhead
  if (unit.append !== undefined) for (const { event } of unit.append) bytes += bytesOfEvent(event)
  if (unit.settle !== undefined) {
    for (const { outcome } of unit.settle) {
      bytes += overhead
      if (outcome.kind !== 'ack') bytes += bytesOfEvent(outcome.delivery.event)
    }
  }
  if (unit.documents !== undefined) {
    for (const { key, value } of unit.documents) bytes += overhead + key.length + (value?.length ?? 0)
  }
  if (unit.timers !== undefined) {
    for (const write of unit.timers) bytes += write.kind === 'set' ? bytesOfEvent(write.event) : overhead
  }
  if (unit.sql !== undefined) {
    for (const { text, parameters } of unit.sql) {
      bytes += overhead + text.length
      for (const parameter of parameters) {
        if (typeof parameter === 'string' || parameter instanceof Uint8Array) bytes += parameter.length
      }
    }
  }
  return bytes
}

function bytesOfEvent({ key, attributes, data }: EncodedEvent): number {
  return overhead + (key?.length ?? 0) + (attributes?.length ?? 0) + (data?.length ?? 0)
}
