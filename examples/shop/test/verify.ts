import { millrace } from 'millrace'
import { sqlite, verifyStore } from 'millrace/sqlite'
import { differencesOf } from '../src/compare.ts'
import { doublesOf, type Retries, retriesOf, totalsOf } from '../src/totals.ts'
import { totalsDirect } from '../src/totals-direct.ts'

export interface Verified {
  readonly retries: Retries
  readonly orders: number
  readonly cancellations: number
  /** What is not as it must be, in words. */
  readonly faults: readonly string[]
}

/** Every order has one of each of these, and every cancellation one of each of those. */
const orderTopics = [
  'shop.order.requested',
  'shop.payment.processed',
  'shop.order.confirmed',
  'shop.shipment.prepared',
  'shop.shipment.dispatched',
  'shop.shipment.delivered',
  'shop.order.completed',
]
const cancellationTopics = ['shop.order.cancelled', 'shop.payment.refunded']

/** Holds a finished store against its ledger: totals, records made twice, events made twice, and the store itself. */
export async function verify(store: string, data: string): Promise<Verified> {
  const expected = await totalsDirect(data)
  const faults: string[] = []
  await using app = await millrace({ store: sqlite(store) }).start()
  const [differences, doubles] = [differencesOf(await totalsOf(app), expected), await doublesOf(app)]
  faults.push(...differences, ...doubles.map((double) => `twice: ${double}`))

  const { topics, subscriptions, documents } = await app.inspect()
  const expect = (what: string, is: number | undefined, shouldBe: number): void => {
    if (is !== shouldBe) faults.push(`${what}: ${is} instead of ${shouldBe}`)
  }
  const published = new Map(topics.map(({ name, appended }) => [name, appended]))
  for (const topic of orderTopics) expect(`events in ${topic}`, published.get(topic) ?? 0, expected.orders)
  for (const topic of cancellationTopics)
    expect(`events in ${topic}`, published.get(topic) ?? 0, expected.cancellations)
  for (const { name, dead } of subscriptions) expect(`dead letters of ${name}`, dead, name === 'marketing' ? 1 : 0)
  expect('catalogues', documents.catalogues, 2)
  expect('drafts of invoices', documents['invoice-drafts'] ?? 0, 0)
  const retries = await retriesOf(app)
  await app.stop()

  const { findings } = await verifyStore(store)
  faults.push(...findings.filter(({ ok }) => !ok).map(({ check, detail }) => `the store: ${check}: ${detail}`))
  return { retries, orders: expected.orders, cancellations: expected.cancellations, faults }
}
