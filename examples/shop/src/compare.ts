import type { CountryTotals, Totals } from './totals.ts'

/** How the shop's totals differ from the expected ones, in words; none if they are equal. */
export function differencesOf(actual: Totals, expected: Totals): readonly string[] {
  const found: string[] = []
  const compare = (what: string, is: number, shouldBe: number): void => {
    if (is !== shouldBe) found.push(`${what}: ${is} instead of ${shouldBe}`)
  }
  for (const what of ['orders', 'cancellations', 'invoices', 'emails'] as const)
    compare(what, actual[what], expected[what])
  for (const reason of namesOf(actual.setAside, expected.setAside)) {
    compare(`set aside: ${reason}`, actual.setAside[reason] ?? 0, expected.setAside[reason] ?? 0)
  }
  const [is, shouldBe] = [byCountry(actual), byCountry(expected)]
  for (const country of namesOf(is, shouldBe)) {
    for (const what of ['orders', 'revenue', 'cancellations', 'refunds'] as const) {
      compare(`${what} of ${country}`, is[country]?.[what] ?? 0, shouldBe[country]?.[what] ?? 0)
    }
  }
  return found
}

const byCountry = ({ countries }: Totals): Record<string, CountryTotals> =>
  Object.fromEntries(countries.map((totals) => [totals.country, totals]))

const namesOf = (...records: readonly object[]): Set<string> =>
  new Set(records.flatMap((record) => Object.keys(record)))
