import type {
  Append,
  DocumentWrite,
  EncodedEvent,
  ExpectedRevision,
  LeaseWrite,
  Outcome,
  Settlement,
  SubscriptionWrite,
  TimerWrite,
  Unit,
} from 'millrace/engine'
import { kept as keptDelivery } from '../store-contract/deliveries.ts'
import { leaseOf, owner } from '../store-contract/leasing.ts'
import { isDue, keptOf, operate, settle, unsettledOf } from './deliveries.ts'
import { type Model, type ModelKept, pair, streamOf } from './state.ts'
import type { DeliveryPart, Part } from './steps.ts'

export type MakeEvent = (topic: string, fields?: Partial<EncodedEvent>) => EncodedEvent

export const names = {
  collection: 'c',
  consumer: 'consumer',
  /** Each with the topics that it has. */
  subscriptions: [
    ['s0', ['t0']],
    ['s1', ['*']],
  ] as const,
}

/** The unit that the parts come to in the state that the store has now. Parts that find nothing to act on fall away. */
export function resolve(model: Model, parts: readonly Part[], event: MakeEvent): Unit {
  // What the earlier parts of the unit do is there for the later ones.
  const scratch = structuredClone(model)
  const unit = {
    append: [] as Append[],
    settle: [] as Settlement[],
    documents: [] as DocumentWrite[],
    timers: [] as TimerWrite[],
    inbox: [] as { consumer: string; messageId: string }[],
    leases: [] as LeaseWrite[],
    subscriptions: [] as SubscriptionWrite[],
  }
  for (const part of parts) {
    switch (part.kind) {
      case 'append':
        unit.append.push(...plainAppend(part, unit.append, event))
        break
      case 'stream':
      case 'repeat':
        unit.append.push(...streamAppends(model, part, unit.append, event))
        break
      case 'document':
        unit.documents.push(documentWrite(model, part))
        break
      case 'timer': {
        const id = `timer${part.id}`
        // Setting one that is there already is left to the engine.
        if (!part.set) unit.timers.push({ kind: 'remove', id })
        else if (!model.timers.has(id) && !unit.timers.some((write) => write.id === id)) {
          unit.timers.push({ kind: 'set', id, dueMs: model.nowMs + part.id, event: event('timer') })
        }
        break
      }
      case 'inbox':
        unit.inbox.push({ consumer: names.consumer, messageId: `m${part.message}` })
        break
      case 'lease':
        unit.leases.push(...leaseWrite(model, part, unit.leases))
        break
      case 'settle':
        unit.settle.push(...settlements(scratch, part, unit.settle))
        break
      case 'operate':
        unit.subscriptions.push(...operations(scratch, part))
        break
    }
  }
  return Object.fromEntries(Object.entries(unit).filter(([, writes]) => writes.length > 0))
}

function plainAppend(part: Part & { kind: 'append' }, before: readonly Append[], event: MakeEvent): Append[] {
  const key = part.key === null ? null : `k${part.key}`
  const id = part.id === null ? undefined : `chosen${part.id}`
  const made = event(`t${part.topic}`, { key, ...(id !== undefined && { id }) })
  const again = before.some((one) => one.event.id === id && one.event.header.topic === made.header.topic)
  // A duplicate within one unit has no position yet that the model could name; the contract suite has it by itself.
  return again ? [] : [{ event: made, unique: id !== undefined }]
}

function streamAppends(
  model: Model,
  part: Part & { kind: 'stream' | 'repeat' },
  before: readonly Append[],
  event: MakeEvent,
): Append[] {
  const name = `stream${part.stream}`
  if (before.some(({ stream }) => stream?.name === name)) return []
  const there = streamOf(model, name)
  const make = (expected: ExpectedRevision, id: string | undefined): Append => ({
    event: event('streams', { key: null, ...(id !== undefined && { id }) }),
    unique: id !== undefined,
    stream: { name, expected },
  })
  if (part.kind === 'repeat') {
    const from = there.length === 0 ? 0 : part.from % there.length
    const repeated = there.slice(from, from + part.count)
    return repeated.map(({ id }) => make(from === 0 ? 'none' : from - 1, id))
  }
  const actual = there.length - 1
  const expected = {
    current: actual < 0 ? ('none' as const) : actual,
    behind: Math.max(actual - 1, 0),
    ahead: actual + 1,
    none: 'none' as const,
    any: 'any' as const,
  }[part.expected]
  const ids = [...new Set(part.ids.map((id) => (id === null ? undefined : `${name}/${id}`)))]
  // Of several with `any` some may be known and some not; what then is to be done the port leaves open.
  return (expected === 'any' ? ids.slice(0, 1) : ids).map((id) => make(expected, id))
}

function documentWrite(model: Model, part: Part & { kind: 'document' }): DocumentWrite {
  const key = `k${part.key}`
  const version = model.documents.get(pair(names.collection, key))?.version ?? 0
  const expected = { current: version, wrong: version + 1, none: 0, any: undefined }[part.expected]
  return { collection: names.collection, key, value: part.value === null ? null : `${part.value}`, expected }
}

function leaseWrite(model: Model, part: Part & { kind: 'lease' }, before: readonly LeaseWrite[]): LeaseWrite[] {
  const name = `lease${part.name}`
  if (before.some((write) => write.name === name)) return []
  const lease = model.leases.get(name)
  if (part.write === 'acquire') {
    return [{ kind: 'acquire', name, owner: owner(`instance${part.instance}`), ttlMs: 1_000 }]
  }
  // A lease that ran out and went to nobody since: whether it may still be renewed the port leaves open.
  if (lease === undefined || (lease.instance !== null && lease.untilMs <= model.nowMs)) return []
  const epoch = part.old ? lease.epoch - 1 : lease.epoch
  return [part.write === 'renew' ? { kind: 'renew', name, epoch, ttlMs: 1_000 } : { kind: 'release', name, epoch }]
}

/** The settlement of a delivery as its consumer may make it: of each key in order, and of what is kept only when it is due. */
function settlements(
  model: Model,
  part: DeliveryPart & { kind: 'settle' },
  before: readonly Settlement[],
): Settlement[] {
  const [name] = names.subscriptions[part.subscription]!
  const subscription = model.subscriptions.get(name)!
  const keyOf = (position: number): string | null => model.log.find((event) => event.position === position)!.key
  const entries = keptOf(subscription)
  const unsettled = unsettledOf(model, subscription)
  const first = (position: number): boolean => {
    const key = keyOf(position)
    return key === null || unsettled.find((other) => keyOf(other) === key) === position
  }
  const possible = part.kept
    ? entries.filter((one) => isDue(one, model.nowMs)).map(({ position }) => position)
    : unsettled.filter(first)
  // A unit settles a delivery once.
  const done = new Set(before.filter((one) => one.subscription === name).map(({ position }) => position))
  const choices = possible.filter((position) => !done.has(position))
  if (choices.length === 0) return []
  const position = choices[part.pick % choices.length]!
  const orderKey = keyOf(position)
  const behind = entries.some((one) => one.state !== 'dead' && one.orderKey === orderKey)
  const mustWait = !part.kept && orderKey !== null && behind
  const wanted = mustWait ? 'wait' : part.kept && part.outcome === 'wait' ? 'ack' : part.outcome
  const known = subscription.kept.get(position)
  const settlement = {
    subscription: name,
    epoch: model.leases.get(leaseOf(name))!.epoch - (part.old ? 1 : 0),
    position,
    kept: part.kept,
    outcome: outcomeOf(model, wanted, orderKey, known),
  }
  settle(model, settlement)
  return [settlement]
}

function outcomeOf(
  model: Model,
  wanted: (DeliveryPart & { kind: 'settle' })['outcome'],
  orderKey: string | null,
  before: ModelKept | undefined,
): Outcome {
  const attempts = (before?.attempts ?? 0) + 1
  const delivery = keptDelivery(
    {
      header: { topic: 'kept', type: 'kept', version: 1, source: 'model' },
      id: `kept-${attempts}`,
      key: orderKey,
      timeMs: model.nowMs,
      expiresMs: null,
      attributes: null,
      data: null,
    },
    { attempts, orderKey, reason: wanted === 'dead' ? 'exhausted' : wanted === 'wait' ? 'behind' : 'retry' },
  )
  switch (wanted) {
    case 'ack':
      return { kind: 'ack', reason: 'handled' }
    case 'expire':
      return { kind: 'ack', reason: 'expired' }
    case 'park':
      return { kind: 'park', delivery, dueMs: model.nowMs + (attempts % 3) * 300 }
    case 'hold':
      return { kind: 'park', delivery, dueMs: null }
    default:
      return { kind: wanted, delivery }
  }
}

function operations(model: Model, part: DeliveryPart & { kind: 'operate' }): SubscriptionWrite[] {
  const [name] = names.subscriptions[part.subscription]!
  const subscription = model.subscriptions.get(name)!
  const entries = keptOf(subscription)
  const positionsOf = (wanted: (one: ModelKept) => boolean) => entries.filter(wanted).map(({ position }) => position)
  const choices = {
    redrive: positionsOf(({ state }) => state === 'dead'),
    release: positionsOf(({ state, dueMs }) => state === 'parked' && dueMs === null),
    discard: positionsOf(({ state }) => state === 'dead' || state === 'waiting'),
    replay: [...subscription.settled].filter((position) => !subscription.kept.has(position)),
  }[part.operation]
  if (choices.length === 0) return []
  const positions = [...new Set(part.picks.map((pick) => choices[pick % choices.length]!))]
  const write: SubscriptionWrite = { kind: part.operation, name, positions }
  operate(model, write)
  return [write]
}
