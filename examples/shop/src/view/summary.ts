import { relative } from 'node:path'
import { styleText } from 'node:util'
import { pounds } from '../money.ts'
import { type Retries, sumOf, type Totals } from '../totals.ts'
import { count } from './frame.ts'

export interface Outcome {
  readonly totals: Totals
  readonly retries: Retries
  readonly catalogues: number
  readonly deadLetters: number
  /** How the shop's totals differ from those of the direct computation; none if they are equal. */
  readonly differences: readonly string[]
  /** Records that were made twice. */
  readonly doubles: readonly string[]
  readonly store: string
}

/** What the shop has done, for its owner. */
export function summaryOf(outcome: Outcome): string {
  return [
    ...countryTable(outcome.totals),
    '',
    ...counts(outcome),
    '',
    ...checks(outcome),
    '',
    ...nextSteps(outcome),
  ].join('\n')
}

function countryTable({ countries, orders, cancellations }: Totals): string[] {
  const row = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(22)}${cells[0]?.padStart(8)}${cells[1]?.padStart(17)}${cells[2]?.padStart(15)}${cells[3]?.padStart(14)}`
  const revenue = sumOf(countries, (country) => country.revenue)
  const refunds = sumOf(countries, (country) => country.refunds)
  return [
    styleText('dim', row('country', ['orders', 'revenue', 'cancellations', 'refunds'])),
    ...countries.map((c) =>
      row(c.country, [count(c.orders), pounds(c.revenue), count(c.cancellations), pounds(c.refunds)]),
    ),
    styleText('bold', row('total', [count(orders), pounds(revenue), count(cancellations), pounds(refunds)])),
  ]
}

function counts({ totals, retries, catalogues, deadLetters }: Outcome): string[] {
  const line = (name: string, value: number, note: string): string =>
    `  ${name.padEnd(22)}${count(value).padStart(8)}   ${note}`
  const aside = Object.entries(totals.setAside).map(([reason, entries]) => `${count(entries)} ${reason}`)
  return [
    line('orders completed', totals.orders, ''),
    line('payments retried', retries.payments, 'times, until the card gateway was back'),
    line('invoices', totals.invoices, ''),
    line('e-mails', totals.emails, `to known customers, ${count(retries.emails)} retries`),
    line('catalogues', catalogues, ''),
    line(
      'entries set aside',
      sumOf(Object.values(totals.setAside), (n) => n),
      aside.join(', '),
    ),
    line('dead letters', deadLetters, ''),
  ].map((text) => text.trimEnd())
}

function checks({ differences, doubles }: Outcome): string[] {
  const good = (text: string): string => `  ${styleText('green', '✓')} ${text}`
  const bad = (text: string): string => `  ${styleText('red', '✗')} ${text}`
  return [
    ...(differences.length === 0
      ? [good('equal, to the penny, to a direct computation over the ledger')]
      : differences.map((difference) => bad(difference))),
    ...(doubles.length === 0
      ? [good('no payment, invoice or e-mail twice')]
      : doubles.map((double) => bad(`twice: ${double}`))),
  ]
}

function nextSteps({ store, deadLetters }: Outcome): string[] {
  const from = process.env.INIT_CWD ?? process.cwd()
  const inside = relative(from, store)
  const path = inside.startsWith('..') ? store : inside
  return [
    `  to look around     export MILLRACE_STORE=${path}`,
    ...(deadLetters > 0 ? ['                     npx millrace dead-letters list'] : []),
    '                     npx millrace tail --from beginning',
    '  once more          npm start -- --fresh',
  ]
}
