import { setTimeout as sleep } from 'node:timers/promises'
import { type Application, type Message, message } from 'millrace'
import { EntrySetAside, OrderCancelled, OrderRequested } from '../contracts.ts'
import { costOf } from '../money.ts'
import { type LedgerEntry, LedgerError, type SalesLedger } from '../sales-ledger.ts'
import { catalogueRequests } from '../world/website.ts'

/** How far ShoppingCart has got with its ledger: one row. */
export const inputTable = `CREATE TABLE IF NOT EXISTS shop_input (
  id INTEGER PRIMARY KEY CHECK (id = 1), sha256 TEXT NOT NULL, entries INTEGER NOT NULL, line INTEGER NOT NULL
) STRICT`

/** So many entries at most are one unit of work: their events and the new place in the file commit together, or not at all. */
const longestBatch = 20
/** A slow shop takes smaller batches, so many a second. */
const batchesPerSecond = 10

export interface Pace {
  /** Entries a second; infinite for as fast as the payments follow. */
  readonly perSecond: number
  readonly signal: AbortSignal
}

/**
 * Turns the entries of the ledger into orders and cancellations. Killed at any moment, it carries on where the last commit
 * left it: the line number stands in the same unit of work as the events made of that line.
 * @throws LedgerError when the store holds the orders of another ledger
 */
export async function shoppingCart(app: Application, ledger: SalesLedger, { perSecond, signal }: Pace): Promise<void> {
  let line = await takeUp(app, ledger)
  const batchSize = Math.min(longestBatch, Math.ceil(perSecond / batchesPerSecond))
  for await (const entries of ledger.batches(line, batchSize)) {
    if (signal.aborted) return
    const messages = [...(line === 0 ? catalogueRequests : []), ...entries.map(eventOf)]
    line += entries.length
    await app.sql([{ text: 'UPDATE shop_input SET line = ?', parameters: [line] }], messages)
    if (Number.isFinite(perSecond)) await pause((entries.length / perSecond) * 1_000, signal)
  }
}

/** The line of the ledger that was worked through last. */
async function takeUp(app: Application, { path, sha256, entries }: SalesLedger): Promise<number> {
  const text = 'INSERT INTO shop_input (id, sha256, entries, line) VALUES (1, ?, ?, 0) ON CONFLICT DO NOTHING'
  await app.sql([{ text, parameters: [sha256, entries] }])
  const [input] = await app.query('SELECT sha256, line FROM shop_input')
  if (input?.sha256 !== sha256) throw new LedgerError(`The store holds the orders of another ledger than ${path}`)
  return Number(input.line)
}

/** The rules of the house: README.md tells why they are what they are. */
export function eventOf({ invoice, at, customer, country, lines: booked }: LedgerEntry): Message {
  const lines = booked.map(({ sku, name, quantity, unitPriceMinor }) => ({
    sku,
    name,
    quantity,
    unitPricePence: unitPriceMinor,
  }))
  const value = costOf(lines)
  const isPriced = lines.every((line) => line.unitPricePence >= 0)

  if (/^\d/.test(invoice) && value > 0 && isPriced && lines.every((line) => line.quantity > 0)) {
    return message(OrderRequested, { orderId: invoice, customer, country, placedAt: at, lines })
  }
  if (invoice.startsWith('C') && value < 0 && isPriced && lines.every((line) => line.quantity < 0)) {
    const returned = lines.map((line) => ({ ...line, quantity: -line.quantity }))
    return message(OrderCancelled, { cancellationId: invoice, customer, country, cancelledAt: at, lines: returned })
  }
  const reason = invoice.startsWith('A') ? 'bookkeeping' : value === 0 ? 'no-value' : 'unclear'
  return message(EntrySetAside, { entryId: invoice, reason })
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    // The shop closes: the loop sees it.
  }
}
