import { expect, test } from 'vitest'
import { EntrySetAside, OrderCancelled, OrderRequested } from '../src/contracts.ts'
import type { LedgerEntry } from '../src/sales-ledger.ts'
import { eventOf } from '../src/services/shopping-cart.ts'

const entry = (invoice: string, ...lines: readonly (readonly [quantity: number, pence: number])[]): LedgerEntry => ({
  invoice,
  at: '2011-08-12T14:50:00Z',
  customer: '12345',
  country: 'France',
  lines: lines.map(([quantity, unitPriceMinor]) => ({ sku: '1', name: 'MUG', quantity, unitPriceMinor })),
})

test('goods that were sold are an order, gifts among them', () => {
  const { contract, data } = eventOf(entry('562609', [2, 150], [1, 0]))
  expect(contract).toBe(OrderRequested)
  expect(data).toMatchObject({
    orderId: '562609',
    country: 'France',
    lines: [
      { quantity: 2, unitPricePence: 150 },
      { quantity: 1, unitPricePence: 0 },
    ],
  })
})

test('an invoice whose number begins with C is a cancellation', () => {
  const { contract, data } = eventOf(entry('C562612', [-3, 99]))
  expect(contract).toBe(OrderCancelled)
  expect(data).toMatchObject({ cancellationId: 'C562612', lines: [{ quantity: 3, unitPricePence: 99 }] })
})

test.each([
  ['goods found in stock', entry('562700', [7, 0]), 'no-value'],
  ['goods lost or damaged', entry('562701', [-7, 0]), 'no-value'],
  ['a bad debt written off', entry('A563186', [1, -1_106_206]), 'bookkeeping'],
  ['a bad debt entered', entry('A563185', [1, 1_106_206]), 'bookkeeping'],
  ['a sale with something returned', entry('562702', [3, 100], [-1, 100]), 'unclear'],
  ['a cancellation that costs the customer', entry('C562703', [1, 100]), 'unclear'],
  ['a discount of more than the sale', entry('562704', [1, 100], [1, -300]), 'unclear'],
])('%s is set aside', (_, ledgerEntry, reason) => {
  const { contract, data } = eventOf(ledgerEntry)
  expect(contract).toBe(EntrySetAside)
  expect(data).toEqual({ entryId: ledgerEntry.invoice, reason })
})
