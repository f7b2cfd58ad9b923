import { type SimulatedClock, simulatedClock } from '@millrace/testing'
import { onTestFinished } from 'vitest'
import { type Admin, admin } from '../../src/admin/index.ts'
import { silentLogger, uuidv7 } from '../../src/base/index.ts'
import type { EncodedEvent } from '../../src/event/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'
import type { KeptDelivery, Outcome, Store } from '../../src/store/index.ts'

/** A store in memory, its operator, and what puts something into it to be operated on. */
export interface Operated {
  readonly store: Store
  readonly operator: Admin
  readonly clock: SimulatedClock
  /** Appends events to a topic and returns their positions. */
  publish(topic: string, count: number, key?: string | null): Promise<readonly number[]>
  subscribe(name: string, ...topics: readonly string[]): Promise<void>
  /** Ends deliveries of the log. */
  settle(name: string, positions: readonly number[], kind: Outcome['kind'], epoch?: number): Promise<void>
}

export async function operated(): Promise<Operated> {
  const clock = simulatedClock()
  const newId = uuidv7(clock)
  const { store } = await sqlite(':memory:').open({ clock, newId, logger: silentLogger })
  onTestFinished(() => store.close())
  const events = new Map<number, EncodedEvent>()

  const outcome = (kind: Outcome['kind'], position: number): Outcome => {
    if (kind === 'ack') return { kind, reason: 'handled' }
    const event = events.get(position)!
    const failure = { atMs: clock.now(), code: null, name: 'Error', message: `at ${position}`, stack: null }
    const delivery: KeptDelivery = {
      event,
      orderKey: event.key,
      attempts: 5,
      deaths: 0,
      reason: 'exhausted',
      history: [failure],
    }
    return kind === 'park' ? { kind, delivery, dueMs: null } : { kind, delivery }
  }

  return {
    store,
    operator: admin(store),
    clock,
    async publish(topic, count, key = null) {
      const append = Array.from({ length: count }, (_, index) => ({
        event: {
          header: { topic, type: topic, version: 1, source: '/test' },
          id: newId(),
          key,
          timeMs: clock.now(),
          expiresMs: null,
          attributes: null,
          data: JSON.stringify(index),
        },
      }))
      const { appended } = await store.commit({ append })
      return appended.map(({ position }, index) => {
        events.set(position, append[index]!.event)
        return position
      })
    },
    async subscribe(name, ...topics) {
      await store.commit({ subscriptions: [{ kind: 'ensure', name, topics, from: 'beginning' }] })
    },
    async settle(subscription, positions, kind, epoch = 0) {
      const settle = positions.map((position) => ({
        subscription,
        epoch,
        position,
        kept: false,
        outcome: outcome(kind, position),
      }))
      await store.commit({ settle })
    },
  }
}
