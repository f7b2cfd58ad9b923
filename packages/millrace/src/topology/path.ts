import type { EncodedEvent } from '../event/index.ts'

// Extension attributes of CloudEvents, which any broker carries and hands back unchanged.

/** The stores whose outboxes an event went through, oldest first, parted by commas. It does not come back to any of them. */
const path = 'millracepath'
/** The transport through which an event came into the log that it is in. It does not go out again through that one. */
const via = 'millracevia'

/** The event as it leaves a store. */
export function leaving(event: EncodedEvent, store: string): EncodedEvent {
  if (event.attributes === null) return { ...event, attributes: `{"${path}":"${store}"}` }
  const { [via]: _, ...attributes } = attributesOf(event)
  const before = attributes[path]
  return { ...event, attributes: JSON.stringify({ ...attributes, [path]: before ? `${before},${store}` : store }) }
}

/** The event as it enters a store. */
export function entering(event: EncodedEvent, transport: string): EncodedEvent {
  return { ...event, attributes: JSON.stringify({ ...attributesOf(event), [via]: transport }) }
}

/** Whether the event has left this store before. */
export function hasLeft(event: EncodedEvent, store: string): boolean {
  if (event.attributes === null) return false
  return String(attributesOf(event)[path] ?? '')
    .split(',')
    .includes(store)
}

/** Whether the event came into its log through this transport. */
export function hasCome(event: EncodedEvent, transport: string): boolean {
  // Most did not, and a quote within a value is escaped: so the text tells.
  return event.attributes?.includes(`"${via}":${JSON.stringify(transport)}`) === true
}

const attributesOf = (event: EncodedEvent): Readonly<Record<string, unknown>> =>
  event.attributes === null ? {} : JSON.parse(event.attributes)
