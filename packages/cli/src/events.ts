import { decodeEvent, type EncodedEvent, type LogRecord, type StoredDelivery, type StoredTimer } from 'millrace/engine'
import { time } from './output/format.ts'

/** An event as CloudEvents JSON has it. Data that is no JSON is given as its text, so that it can be looked at. */
export function eventData(event: EncodedEvent): object {
  try {
    return decodeEvent(event)
  } catch {
    return { ...decodeEvent({ ...event, data: null }), datacontenttype: 'text/plain', data: event.data }
  }
}

export const recordData = ({ position, appendedMs, event }: LogRecord): object => ({
  position,
  topic: event.header.topic,
  appendedAt: time(appendedMs),
  event: eventData(event),
})

export const deliveryData = ({ event, keptMs, dueMs, history, ...delivery }: StoredDelivery): object => ({
  subscription: delivery.subscription,
  position: delivery.position,
  topic: event.header.topic,
  state: delivery.state,
  reason: delivery.reason,
  attempts: delivery.attempts,
  deaths: delivery.deaths,
  orderKey: delivery.orderKey,
  keptAt: time(keptMs),
  dueAt: dueMs === null ? null : time(dueMs),
  history: history.map(({ atMs, ...failure }) => ({ at: time(atMs), ...failure })),
  event: eventData(event),
})

export const timerData = ({ id, dueMs, event }: StoredTimer): object => ({
  id,
  dueAt: time(dueMs),
  topic: event.header.topic,
  event: eventData(event),
})
