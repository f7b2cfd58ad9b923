import type { Settlement, SubscriptionWrite } from 'millrace/engine'
import { compilePatterns } from 'millrace/engine'
import type { Model, ModelKept, ModelSubscription } from './state.ts'

/** The deliveries that the log still holds for a subscription, oldest first. */
export function unsettledOf(model: Model, { topics, settled }: ModelSubscription): number[] {
  const matches = compilePatterns(topics)
  return model.log
    .filter((event) => matches(event.topic) && !settled.has(event.position))
    .map(({ position }) => position)
}

export const isPending = ({ state }: ModelKept): boolean => state !== 'dead'

export const isDue = ({ state, dueMs }: ModelKept, nowMs: number): boolean =>
  (state === 'parked' || state === 'trying') && dueMs !== null && dueMs <= nowMs

/** All kept deliveries of a subscription in the order of their positions. */
export const keptOf = ({ kept }: ModelSubscription): ModelKept[] =>
  [...kept.values()].sort((a, b) => a.position - b.position)

/** Does to the model what a settlement does. */
export function settle(model: Model, { subscription: name, position, outcome }: Settlement): void {
  const subscription = model.subscriptions.get(name)!
  subscription.settled.add(position)
  if (outcome.kind === 'ack') {
    subscription.kept.delete(position)
    count(model, name, outcome.reason, 1)
  } else {
    const { orderKey, attempts, reason } = outcome.delivery
    const state = ({ park: 'parked', wait: 'waiting', try: 'trying', dead: 'dead' } as const)[outcome.kind]
    const dueMs = outcome.kind === 'park' ? outcome.dueMs : outcome.kind === 'try' ? model.nowMs : null
    subscription.kept.set(position, { position, state, dueMs, orderKey, attempts, reason })
  }
  promote(model, subscription)
}

/** Does to the model what an operator does. */
export function operate(model: Model, write: SubscriptionWrite): void {
  const subscription = model.subscriptions.get(write.name)!
  if (write.kind !== 'redrive' && write.kind !== 'release' && write.kind !== 'discard' && write.kind !== 'replay')
    return
  for (const position of write.positions) {
    const found = subscription.kept.get(position)
    if (write.kind === 'discard') {
      subscription.kept.delete(position)
      count(model, write.name, 'discarded', 1)
    } else if (write.kind === 'replay') {
      const { key } = model.log.find((event) => event.position === position)!
      const fresh = { position, dueMs: null, orderKey: key, attempts: 0, reason: 'replayed' } as const
      subscription.kept.set(position, { ...fresh, state: 'waiting' })
    } else {
      const anew = { state: 'waiting', dueMs: null, attempts: 0, reason: 'redriven' } as const
      subscription.kept.set(position, { ...found!, ...(write.kind === 'redrive' ? anew : { dueMs: model.nowMs }) })
    }
  }
  promote(model, subscription)
}

export function count(model: Model, subject: string, name: string, by: number): void {
  const key = `${subject}\n${name}`
  model.counters.set(key, (model.counters.get(key) ?? 0) + by)
}

/** Makes due what waits for nothing any more: of each key the first, if none of it is parked or under trial. */
function promote(model: Model, { kept }: ModelSubscription): void {
  const entries = [...kept.values()].sort((a, b) => a.position - b.position)
  const busy = new Set<string>()
  for (const { state, orderKey } of entries) {
    if (orderKey !== null && (state === 'parked' || state === 'trying')) busy.add(orderKey)
  }
  for (const entry of entries) {
    if (entry.state !== 'waiting' || (entry.orderKey !== null && busy.has(entry.orderKey))) continue
    if (entry.orderKey !== null) busy.add(entry.orderKey)
    kept.set(entry.position, { ...entry, state: 'parked', dueMs: model.nowMs })
  }
}
