import type { Store } from 'millrace/engine'
import { expect } from 'vitest'
import { readAll } from '../store-contract/reading.ts'
import { isDue, isPending, keptOf, unsettledOf } from './deliveries.ts'
import { type Model, streamOf } from './state.ts'

const limit = 10_000

/** Expects that whatever can be read from the store is what the model says. */
export async function expectSame(store: Store, model: Model, collections: readonly string[]): Promise<void> {
  const log = await readAll(store, undefined, 7)
  expect(log.map(({ position, event }) => [position, event.header.topic, event.id, event.key])).toEqual(
    model.log.map(({ position, topic, id, key }) => [position, topic, id, key]),
  )
  for (const stream of new Set(model.log.flatMap((event) => event.stream ?? []))) {
    const records = await store.readStream({ stream, from: 0, limit })
    expect(records.map(({ position, revision }) => [position, revision])).toEqual(
      streamOf(model, stream).map(({ position, revision }) => [position, revision]),
    )
  }
  const documents = new Map<string, { value: string; version: number }>()
  for (const collection of collections) {
    for (const { key, value, version } of await store.readDocuments({ collection, limit })) {
      documents.set(`${collection}\n${key}`, { value, version })
      expect(await store.readDocument(collection, key)).toEqual({ key, value, version })
    }
  }
  expect(documents).toEqual(model.documents)
  const timers = await store.readTimers({ limit })
  expect(new Map(timers.map(({ id, dueMs }) => [id, dueMs]))).toEqual(model.timers)
  await expectSameDeliveries(store, model)
}

async function expectSameDeliveries(store: Store, model: Model): Promise<void> {
  const state = await store.inspect()
  expect(state.head).toBe(model.log.at(-1)?.position ?? 0)
  for (const [name, subscription] of model.subscriptions) {
    const kept = keptOf(subscription)
    const told = await store.readSubscription(name, limit)
    const unsettled = unsettledOf(model, subscription)
    expect(told, name).toMatchObject({ lag: unsettled.length, pending: kept.filter(isPending).length })
    if (unsettled.length > 0) expect(told!.floor, `the floor of ${name}`).toBeLessThan(unsettled[0]!)
    const read = async (wanted: 'due' | 'pending' | 'dead') =>
      (
        await store.readKept({
          subscription: name,
          state: wanted,
          limit,
          ...(wanted === 'due' && { dueBeforeMs: model.nowMs }),
        })
      )
        .map(({ position, state, dueMs, orderKey, attempts, reason }) => ({
          position,
          state,
          // A time is stated only for what is parked.
          dueMs: state === 'parked' ? dueMs : null,
          orderKey,
          attempts,
          reason,
        }))
        .sort((a, b) => a.position - b.position)
    const shown = kept.map((one) => ({ ...one, dueMs: one.state === 'parked' ? one.dueMs : null }))
    expect(await read('pending'), `pending of ${name}`).toEqual(shown.filter(isPending))
    expect(await read('dead'), `dead of ${name}`).toEqual(shown.filter((one) => !isPending(one)))
    const due = kept.filter((one) => isDue(one, model.nowMs)).map(({ position }) => position)
    expect(
      (await read('due')).map(({ position }) => position),
      `due of ${name}`,
    ).toEqual(due)
    const settled = state.subscriptions.find((one) => one.name === name)!.settled
    for (const reason of ['handled', 'expired', 'discarded']) {
      expect(settled[reason] ?? 0, `${reason} of ${name}`).toBe(model.counters.get(`${name}\n${reason}`) ?? 0)
    }
  }
}
