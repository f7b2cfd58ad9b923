import { service } from 'millrace'
import { EntrySetAside, OrderCompleted, PaymentProcessed, PaymentRefunded } from '../contracts.ts'

/** The books of the shop, by country. */
export const accountsTable = `CREATE TABLE IF NOT EXISTS shop_accounts (
  country TEXT PRIMARY KEY,
  orders INTEGER NOT NULL DEFAULT 0,
  revenue INTEGER NOT NULL DEFAULT 0,
  cancellations INTEGER NOT NULL DEFAULT 0,
  refunds INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID`

export const setAsideTable = `CREATE TABLE IF NOT EXISTS shop_set_aside (
  reason TEXT PRIMARY KEY, entries INTEGER NOT NULL
) STRICT, WITHOUT ROWID`

const addOrder = `INSERT INTO shop_accounts (country, orders) VALUES (?, 1)
  ON CONFLICT DO UPDATE SET orders = orders + 1`
const addRevenue = `INSERT INTO shop_accounts (country, revenue) VALUES (?, ?)
  ON CONFLICT DO UPDATE SET revenue = revenue + excluded.revenue`
const addRefund = `INSERT INTO shop_accounts (country, cancellations, refunds) VALUES (?, 1, ?)
  ON CONFLICT DO UPDATE SET cancellations = cancellations + 1, refunds = refunds + excluded.refunds`
const addSetAside = `INSERT INTO shop_set_aside (reason, entries) VALUES (?, 1)
  ON CONFLICT DO UPDATE SET entries = entries + 1`

/**
 * Sums up what the others tell. Each statement commits together with the acknowledgement of its event, so every event is
 * counted once, with no table of events seen.
 */
export const accounting = service('accounting')
  .on(OrderCompleted, ({ data: { country } }, { sql }) => sql(addOrder, country))
  .on(PaymentProcessed, ({ data: { country, pence } }, { sql }) => sql(addRevenue, country, pence))
  .on(PaymentRefunded, ({ data: { country, pence } }, { sql }) => sql(addRefund, country, pence))
  .on(EntrySetAside, ({ data: { reason } }, { sql }) => sql(addSetAside, reason))
