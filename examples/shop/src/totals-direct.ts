import { linesOf } from './sales-ledger.ts'
import type { CountryTotals, Totals } from './totals.ts'

type Sum = { -readonly [K in keyof CountryTotals]: CountryTotals[K] }

/**
 * What the ledger comes to, added up in one loop: no events, no services, no store, and none of their code. The shop must
 * arrive at exactly the same.
 */
export async function totalsDirect(path: string): Promise<Totals> {
  const countries = new Map<string, Sum>()
  const setAside: Record<string, number> = {}
  const totals = { orders: 0, cancellations: 0, invoices: 0, emails: 0 }

  for await (const line of linesOf(path)) {
    const { invoice, customer, country, lines } = JSON.parse(line)
    let pence = 0
    let bought = 0
    let returned = 0
    for (const { quantity, unitPriceMinor } of lines) {
      pence += quantity * unitPriceMinor
      if (unitPriceMinor >= 0 && quantity > 0) bought++
      if (unitPriceMinor >= 0 && quantity < 0) returned++
    }
    const sum = countries.get(country) ?? { country, orders: 0, revenue: 0, cancellations: 0, refunds: 0 }
    if (invoice[0] >= '0' && invoice[0] <= '9' && pence > 0 && bought === lines.length) {
      sum.orders++
      sum.revenue += pence
      totals.orders++
      totals.invoices++
      if (customer !== null) totals.emails++
    } else if (invoice[0] === 'C' && pence < 0 && returned === lines.length) {
      sum.cancellations++
      sum.refunds -= pence
      totals.cancellations++
    } else {
      const reason = invoice[0] === 'A' ? 'bookkeeping' : pence === 0 ? 'no-value' : 'unclear'
      setAside[reason] = (setAside[reason] ?? 0) + 1
      continue
    }
    countries.set(country, sum)
  }
  const byName = [...countries.values()].sort((a, b) => (a.country < b.country ? -1 : 1))
  return { countries: byName, setAside, ...totals }
}
