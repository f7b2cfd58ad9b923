import { MillraceError } from '../base/index.ts'
import type { Composer, EncodedEvent } from '../event/index.ts'
import type { PublishOptions } from './handler.ts'

/**
 * When a message that is to be published later is due, in milliseconds since 1970; undefined: now.
 * @throws EVENT_INVALID when the time is none
 */
export function dueOf(options: PublishOptions | undefined, composer: Composer): number | undefined {
  if (options?.at === undefined && options?.afterMs === undefined) return undefined
  const dueMs = options.at === undefined ? composer.clock.now() + options.afterMs! : Number(options.at)
  if (!Number.isFinite(dueMs)) {
    throw new MillraceError('EVENT_INVALID', {
      attribute: options.at === undefined ? 'afterMs' : 'at',
      reason: 'is no time',
    })
  }
  return Math.ceil(dueMs)
}

/** A message published later happens later: its own time, and with it its expiry, counts from when it is due. */
export function datedBy(options: PublishOptions | undefined, dueMs: number | undefined): PublishOptions | undefined {
  return dueMs === undefined || options?.time !== undefined ? options : { ...options, time: new Date(dueMs) }
}

/**
 * The id of the timer that publishes an event later. An id that the caller chose is unique in its topic only, so the topic
 * is part of it.
 */
export const timerIdOf = ({ id, header }: EncodedEvent, chosen: boolean): string =>
  chosen ? `${header.topic}/${id}` : id

/** Whether the id of a timer's event was chosen by the caller. */
export const isChosen = (timer: string, event: EncodedEvent): boolean => timer !== event.id

/** Whether the event has expired; most have no expiry, and then the clock is not asked. */
export const hasExpired = (event: EncodedEvent, composer: Composer, atMs?: number): boolean =>
  event.expiresMs !== null && event.expiresMs <= (atMs ?? composer.clock.now())

/** @throws EVENT_EXPIRED when nobody would handle the event that is published at this time (default: now) */
export function assertAlive(event: EncodedEvent, composer: Composer, atMs?: number): void {
  if (hasExpired(event, composer, atMs)) throw new MillraceError('EVENT_EXPIRED', { id: event.id })
}
