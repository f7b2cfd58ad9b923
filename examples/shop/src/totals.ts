import type { Application } from 'millrace'
import { sentEmails } from './services/email-notification.ts'

/** What a ledger comes to. All money in pence. */
export interface Totals {
  readonly countries: readonly CountryTotals[]
  readonly orders: number
  readonly cancellations: number
  /** Entries that are neither, by reason. */
  readonly setAside: Readonly<Record<string, number>>
  readonly invoices: number
  readonly emails: number
}

export interface CountryTotals {
  readonly country: string
  readonly orders: number
  readonly revenue: number
  readonly cancellations: number
  readonly refunds: number
}

/** What the shop has done, as its services have written it down. */
export async function totalsOf(app: Application): Promise<Totals> {
  const accounts = await app.query(
    'SELECT country, orders, revenue, cancellations, refunds FROM shop_accounts ORDER BY country',
  )
  const countries = accounts.map((row) => ({
    country: String(row.country),
    orders: Number(row.orders),
    revenue: Number(row.revenue),
    cancellations: Number(row.cancellations),
    refunds: Number(row.refunds),
  }))
  const setAside = await app.query('SELECT reason, entries FROM shop_set_aside')
  const [invoices] = await app.query('SELECT count(*) AS count FROM shop_invoices')
  const { documents } = await app.inspect()
  return {
    countries,
    orders: sumOf(countries, ({ orders }) => orders),
    cancellations: sumOf(countries, ({ cancellations }) => cancellations),
    setAside: Object.fromEntries(setAside.map(({ reason, entries }) => [String(reason), Number(entries)])),
    invoices: Number(invoices?.count),
    emails: documents[sentEmails.name] ?? 0,
  }
}

/** How often the outer world had to be asked again. */
export interface Retries {
  readonly payments: number
  readonly emails: number
}

export async function retriesOf(app: Application): Promise<Retries> {
  const [payments] = await app.query('SELECT coalesce(sum(attempts - 1), 0) AS retries FROM shop_payments')
  let emails = 0
  for await (const { value } of allEmails(app)) emails += value.attempts - 1
  return { payments: Number(payments?.retries), emails }
}

/** Records that were made more than once, in words. There must be none. */
export async function doublesOf(app: Application): Promise<readonly string[]> {
  const doubles: string[] = []
  const twice = 'GROUP BY 1 HAVING count(*) > 1'
  const payments = await app.query(`SELECT reference AS id FROM shop_payments ${twice}`)
  const invoices = await app.query(`SELECT order_id AS id FROM shop_invoices ${twice}`)
  for (const { id } of payments) doubles.push(`payment ${id}`)
  for (const { id } of invoices) doubles.push(`invoice ${id}`)
  // A document written a second time has version 2.
  for await (const { key, version } of allEmails(app)) if (version > 1) doubles.push(`e-mail ${key}`)
  return doubles
}

async function* allEmails(app: Application) {
  const limit = 1_000
  for (let after: string | undefined; ; ) {
    const page = await app.documents.list(sentEmails, after === undefined ? { limit } : { limit, after })
    yield* page
    if (page.length < limit) return
    after = page.at(-1)?.key
  }
}

export function sumOf<T>(rows: readonly T[], value: (row: T) => number): number {
  return rows.reduce((sum, row) => sum + value(row), 0)
}
