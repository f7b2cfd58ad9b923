import { type Committed, type ErrorCode, isMillraceError, type Unit } from 'millrace/engine'
import { predict } from './predict.ts'
import type { Model, Prediction } from './state.ts'

/** What an engine made of a unit. */
export interface Tried {
  readonly unit: Unit
  readonly result: Committed | ErrorCode
}

/** What an engine makes of a unit. Errors other than those of the port are passed on. */
export async function tried(unit: Unit, commit: (unit: Unit) => Promise<Committed>): Promise<Tried> {
  try {
    return { unit, result: await commit(unit) }
  } catch (error) {
    if (!isMillraceError(error)) throw error
    return { unit, result: error.code }
  }
}

/**
 * What the model may be after units that were committed at once: one for each order of them that explains what came of
 * them. Where there is none, what is wrong.
 */
export function explain(model: Model, group: readonly Tried[]): readonly Model[] | string {
  const explanations: Model[] = []
  let wrong = ''
  for (const order of orders(group)) {
    let next: Model | string = model
    for (const one of order) {
      next = after(next, one)
      if (typeof next === 'string') break
    }
    if (typeof next !== 'string') explanations.push(next)
    else wrong ||= next
  }
  if (explanations.length > 0) return explanations
  return group.length === 1 ? wrong : `no order of the ${group.length} units explains it; one after another: ${wrong}`
}

function after(model: Model, { unit, result }: Tried): Model | string {
  const next = structuredClone(model)
  const prediction = predict(next, unit)
  const { refusals } = prediction
  if (typeof result === 'string') {
    if (refusals.has(result)) return model
    return `refused with ${result}, but ${refusals.size === 0 ? 'nothing is against it' : `only ${[...refusals].join(', ')} would do`}`
  }
  if (refusals.size > 0) return `committed, but ${[...refusals].join(', ')} is against it`
  return commitTo(next, prediction, result) ?? next
}

/** Takes into the model what only the engine says: positions and epochs. Returns what is wrong with them. */
function commitTo(model: Model, { appended, leases }: Prediction, committed: Committed): string | undefined {
  if (committed.appended.length !== appended.length) return `${committed.appended.length} appends are told of`
  for (const [n, predicted] of appended.entries()) {
    const { position, duplicate, revision } = committed.appended[n]!
    const isNew = 'event' in predicted
    if (duplicate === isNew) return `append ${n} is told to be ${duplicate ? 'a duplicate' : 'new'}`
    if (isNew && position <= (model.log.at(-1)?.position ?? 0)) return `append ${n} got the position ${position}`
    const event = isNew ? predicted.event : predicted.duplicateOf.find((earlier) => earlier.position === position)
    if (event === undefined) return `append ${n} is told to be a duplicate of what is at ${position}`
    if (revision !== (event.stream === null ? undefined : event.revision)) return `append ${n} got revision ${revision}`
    if (isNew) model.log.push({ ...predicted.event, position })
  }
  if (committed.epochs.length !== leases.length) return `${committed.epochs.length} epochs are told of`
  for (const [n, { name, above, clean }] of leases.entries()) {
    const { epoch, clean: told } = committed.epochs[n]!
    if (clean === undefined ? epoch < above : epoch <= above) return `the lease ${name} got the epoch ${epoch}`
    if (clean !== undefined && told !== clean) return `the lease ${name} is told to be ${told ? '' : 'not '}clean`
    model.leases.set(name, { ...model.leases.get(name)!, epoch })
  }
  return undefined
}

/** Every order of the items, the given one first. */
function orders<T>(items: readonly T[]): (readonly T[])[] {
  if (items.length <= 1) return [items]
  return items.flatMap((first, n) => orders(items.toSpliced(n, 1)).map((rest) => [first, ...rest]))
}
