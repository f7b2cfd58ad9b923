import type { Clock, EncodedEvent, EventHeader, NewId } from 'millrace/engine'

/** What a test may choose about an event; the rest is given. */
export type EventFields = Partial<Omit<EncodedEvent, 'header'>> & Partial<EventHeader>

/** Makes events that differ from each other at least in id and data. */
export function eventMaker(clock: Clock, newId: NewId): (topic: string, fields?: EventFields) => EncodedEvent {
  let made = 0
  return (topic, { type = topic, version = 1, source = 'contract-suite', topic: _, ...fields } = {}) => ({
    header: { topic, type, version, source },
    id: newId(),
    key: null,
    timeMs: clock.now(),
    expiresMs: null,
    attributes: null,
    data: JSON.stringify({ made: ++made }),
    ...fields,
  })
}
