import type { Append, ErrorCode, LeaseWrite, Unit } from 'millrace/engine'
import { leaseOf } from '../store-contract/leasing.ts'
import { count, operate, settle } from './deliveries.ts'
import { type Model, type ModelEvent, type PredictedAppend, type Prediction, pair, streamOf } from './state.ts'

/**
 * What a unit must come to, by the words of the port. Changes the model, which is to be thrown away if the unit is refused;
 * events and leases come in by `commitTo`, as only the engine says their positions and epochs.
 */
export function predict(model: Model, unit: Unit): Prediction {
  const refusals = new Set<ErrorCode>()
  const appended = predictAppends(model, unit.append ?? [], refusals)
  for (const settlement of unit.settle ?? []) {
    const lease = model.leases.get(leaseOf(settlement.subscription))
    if (!model.subscriptions.has(settlement.subscription)) refusals.add('SUBSCRIPTION_UNKNOWN')
    else if (settlement.epoch !== (lease?.epoch ?? 0)) refusals.add('LEASE_LOST')
    else settle(model, settlement)
  }
  predictDocuments(model, unit, refusals)
  for (const write of unit.timers ?? []) {
    if (write.kind === 'set') model.timers.set(write.id, write.dueMs)
    else if (!model.timers.delete(write.id)) refusals.add('TIMER_GONE')
  }
  for (const { consumer, messageId } of unit.inbox ?? []) {
    const mark = pair(consumer, messageId)
    if (model.inbox.has(mark)) refusals.add('INBOX_DUPLICATE')
    model.inbox.add(mark)
  }
  const leases = (unit.leases ?? []).flatMap((write) => predictLease(model, write, refusals))
  for (const write of unit.subscriptions ?? []) {
    if (model.subscriptions.has(write.name)) operate(model, write)
    else refusals.add('SUBSCRIPTION_UNKNOWN')
  }
  for (const { name, subject, by } of unit.counts ?? []) count(model, subject, name, by)
  return { refusals, appended, leases }
}

function predictDocuments(model: Model, unit: Unit, refusals: Set<ErrorCode>): void {
  for (const { collection, key, value, expected } of unit.documents ?? []) {
    const name = pair(collection, key)
    const actual = model.documents.get(name)?.version ?? 0
    if (expected !== undefined && expected !== actual) refusals.add('VERSION_CONFLICT')
    else if (value === null) model.documents.delete(name)
    else model.documents.set(name, { value, version: actual + 1 })
  }
}

function predictAppends(model: Model, appends: readonly Append[], refusals: Set<ErrorCode>): PredictedAppend[] {
  const known = (id: string, topic: string): ModelEvent[] =>
    model.log.filter((event) => event.unique && event.stream === null && event.id === id && event.topic === topic)
  const ofStream = new Map<string, Append[]>()
  for (const append of appends) {
    if (append.stream) ofStream.set(append.stream.name, [...(ofStream.get(append.stream.name) ?? []), append])
  }
  const streams = new Map([...ofStream].map(([name, run]) => [name, predictRun(model, name, run)]))
  if ([...streams.values()].includes('conflict')) refusals.add('REVISION_CONFLICT')
  return appends.map((append): PredictedAppend => {
    const { id, header, key } = append.event
    if (append.stream) {
      const run = streams.get(append.stream.name)!
      const place = ofStream.get(append.stream.name)!.indexOf(append)
      return run === 'conflict' ? { event: freshOf(append, -1) } : run[place]!
    }
    const earlier = append.unique ? known(id, header.topic) : []
    if (earlier.length > 0) return { duplicateOf: earlier }
    const event = { id, unique: append.unique ?? false, topic: header.topic, key, stream: null, revision: -1 }
    return { event }
  })
}

const freshOf = ({ event, unique = false, stream }: Append, revision: number): Omit<ModelEvent, 'position'> => ({
  id: event.id,
  unique,
  topic: event.header.topic,
  key: event.key,
  stream: stream?.name ?? null,
  revision,
})

/** The appends of one unit to one stream. */
function predictRun(model: Model, name: string, run: readonly Append[]): PredictedAppend[] | 'conflict' {
  const there = streamOf(model, name)
  const actual = there.length - 1
  const { expected } = run[0]!.stream!
  const append = (): PredictedAppend[] => run.map((one, n) => ({ event: freshOf(one, actual + 1 + n) }))
  if (expected === 'any') {
    // An id that was appended again under its revision is there several times: a duplicate is one of any of them.
    const earlier = run.map((one) => (one.unique ? there.filter((event) => event.id === one.event.id) : []))
    return earlier.every((events) => events.length > 0) ? earlier.map((duplicateOf) => ({ duplicateOf })) : append()
  }
  const revision = expected === 'none' ? -1 : expected
  if (revision === actual) return append()
  const repeated = there.slice(revision + 1, revision + 1 + run.length)
  const same =
    repeated.length === run.length && repeated.every(({ id }, n) => run[n]!.unique && id === run[n]!.event.id)
  return revision < actual && same ? repeated.map((event) => ({ duplicateOf: [event] })) : 'conflict'
}

function predictLease(model: Model, write: LeaseWrite, refusals: Set<ErrorCode>): Prediction['leases'] {
  const lease = model.leases.get(write.name)
  if (write.kind === 'acquire') {
    const held = lease !== undefined && lease.instance !== null
    const mine = held && lease.instance === write.owner.instance
    if (held && !mine && lease.untilMs > model.nowMs) {
      refusals.add('LEASE_HELD')
      return []
    }
    const untilMs = model.nowMs + write.ttlMs
    model.leases.set(write.name, { epoch: lease?.epoch ?? 0, instance: write.owner.instance, untilMs })
    // Whether it is clean to take one's own lease again is nobody's business.
    return [{ name: write.name, above: lease?.epoch ?? 0, clean: mine ? undefined : !held }]
  }
  if (lease === undefined || lease.instance === null || lease.epoch !== write.epoch) refusals.add('LEASE_LOST')
  else if (write.kind === 'release') model.leases.set(write.name, { ...lease, instance: null, untilMs: 0 })
  else model.leases.set(write.name, { ...lease, untilMs: model.nowMs + write.ttlMs })
  return []
}
