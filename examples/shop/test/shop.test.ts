import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Application, service } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { differencesOf } from '../src/compare.ts'
import { OrderCompleted } from '../src/contracts.ts'
import { isFinished, outcomeOf, runShop } from '../src/run.ts'
import { SalesLedger } from '../src/sales-ledger.ts'
import { sentEmails } from '../src/services/email-notification.ts'
import { openShop } from '../src/shop.ts'
import { doublesOf, totalsOf } from '../src/totals.ts'
import { totalsDirect } from '../src/totals-direct.ts'
import type { Snapshot } from '../src/view/snapshot.ts'
import { sliceOf, TemporaryFolder } from './slice.ts'

const fullSpeed = Number.POSITIVE_INFINITY

/** Works through a ledger, and keeps what was to be seen on the way. */
async function workThrough(app: Application, ledger: SalesLedger, signal = new AbortController().signal) {
  const snapshots: Snapshot[] = []
  const view = { show: (snapshot: Snapshot) => snapshots.push(snapshot), close: () => {} }
  return { isDone: await runShop(app, ledger, { rate: fullSpeed, view, signal }), snapshots }
}

async function slice(from: number, count: number): Promise<SalesLedger> {
  const folder = new TemporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  return SalesLedger.open(await sliceOf(folder.path, from, count))
}

test('the shop arrives at the totals of the direct computation, with retries and one dead letter', async () => {
  const ledger = await slice(200, 250)
  await using app = await openShop(sqlite(':memory:'), 1)
  const { isDone, snapshots } = await workThrough(app, ledger)

  expect(isDone).toBe(true)
  const outcome = await outcomeOf(app, ledger, ':memory:')
  expect(outcome.differences).toEqual([])
  expect(outcome.doubles).toEqual([])
  expect(outcome.totals).toEqual(await totalsDirect(ledger.path))
  expect(outcome.totals.countries.length).toBeGreaterThan(3)
  expect(outcome.totals.orders).toBeGreaterThan(100)
  expect(outcome.totals.cancellations).toBeGreaterThan(10)
  expect(outcome.retries.payments).toBeGreaterThan(0)
  expect(outcome.retries.emails).toBeGreaterThan(0)
  expect(outcome).toMatchObject({ catalogues: 2, deadLetters: 1 })

  const last = snapshots.at(-1)
  expect(last).toMatchObject({ line: 250, completed: outcome.totals.orders, scheduled: 0, deadLetters: 1 })
  // Two more than the books tell: those of the request that was given up.
  expect(last?.retries).toBe(outcome.retries.payments + outcome.retries.emails + 2)
  expect(await isFinished(app)).toBe(true)
})

test('the seed decides which calls fail, and the totals do not depend on it', async () => {
  const ledger = await slice(0, 60)
  const run = async (seed: number) => {
    await using app = await openShop(sqlite(':memory:'), seed)
    await workThrough(app, ledger)
    return await outcomeOf(app, ledger, ':memory:')
  }
  const [first, again, other] = [await run(7), await run(7), await run(8)]
  expect(again.retries).toEqual(first.retries)
  expect(other.retries).not.toEqual(first.retries)
  expect(other.totals).toEqual(first.totals)
})

test('a shop that was closed carries on', async () => {
  const ledger = await slice(0, 120)
  const folder = new TemporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const store = join(folder.path, 'shop.db')
  {
    await using app = await openShop(sqlite(store), 1)
    const closing = new AbortController()
    await app.subscribe(service('closing-time').on(OrderCompleted, () => closing.abort()))
    expect(await workThrough(app, ledger, closing.signal)).toMatchObject({ isDone: false })
    expect(await isFinished(app)).toBe(false)
  }
  await using app = await openShop(sqlite(store), 1)
  // The service of the first opening is not there any more: its subscription would be waited for.
  await app.subscribe(service('closing-time').on(OrderCompleted, () => {}))
  expect(await workThrough(app, ledger)).toMatchObject({ isDone: true })
  expect(differencesOf(await totalsOf(app), await totalsDirect(ledger.path))).toEqual([])
  expect(await doublesOf(app)).toEqual([])
})

test('a store keeps to its ledger', async () => {
  const ledger = await slice(0, 5)
  await using app = await openShop(sqlite(':memory:'), 1)
  await workThrough(app, ledger)
  appendFileSync(ledger.path, '{}\n')
  await expect(workThrough(app, await SalesLedger.open(ledger.path))).rejects.toThrow('another ledger')
})

test('a ledger with a line that is no entry stops the shop at that line, and keeps what stands before it', async () => {
  const ledger = await slice(0, 60)
  appendFileSync(ledger.path, '{"invoice":"1","at":"yesterday"}\n')
  const broken = await SalesLedger.open(ledger.path)
  await using app = await openShop(sqlite(':memory:'), 1)
  await expect(workThrough(app, broken)).rejects.toThrow(/line 61 is not a ledger entry: at: /)
  await app.idle()
  expect((await app.query('SELECT line FROM shop_input'))[0]).toEqual({ line: 60 })
})

test('differences and doubles are seen', async () => {
  const ledger = await slice(0, 40)
  await using app = await openShop(sqlite(':memory:'), 1)
  await workThrough(app, ledger)
  const [payment] = await app.query('SELECT reference, pence FROM shop_payments WHERE pence > 0')
  await app.sql([
    { text: 'UPDATE shop_accounts SET revenue = revenue + 1 WHERE country = ?', parameters: ['United Kingdom'] },
    {
      text: 'INSERT INTO shop_payments SELECT * FROM shop_payments WHERE reference = ?',
      parameters: [payment!.reference!],
    },
    {
      text: 'INSERT INTO shop_invoices SELECT * FROM shop_invoices WHERE order_id = ?',
      parameters: [payment!.reference!],
    },
  ])
  const [email] = await app.documents.list(sentEmails, { limit: 1 })
  await app.documents.put(sentEmails, email!.key, email!.value)

  expect(await doublesOf(app)).toEqual([
    `payment ${payment!.reference}`,
    `invoice ${payment!.reference}`,
    `e-mail ${email!.key}`,
  ])
  const differences = differencesOf(await totalsOf(app), await totalsDirect(ledger.path))
  expect(differences).toHaveLength(2)
  expect(differences[0]).toMatch(/^invoices: \d+ instead of \d+$/)
  expect(differences[1]).toMatch(/^revenue of United Kingdom: \d+ instead of \d+$/)
})
