import { styleText } from 'node:util'
import { pounds } from '../money.ts'
import type { ServiceSnapshot, Snapshot } from './snapshot.ts'

const widest = 100
const margin = '  '

/** The live view as lines of text, none wider than the terminal. */
export function frameOf(snapshot: Snapshot, columns: number): readonly string[] {
  const width = Math.min(columns, widest) - 1
  return [
    '',
    spread(`${margin}Millrace shop`, snapshot.ledger, width, 'bold'),
    '',
    progress(snapshot, width),
    '',
    fit(`${margin}${events(snapshot)}`, width),
    fit(`${margin}${business(snapshot)}`, width),
    '',
    styleText('dim', fit(row('service', ['handled', 'lag', 'retrying', 'dead letters']), width)),
    ...snapshot.services.map((service) => serviceRow(service, width)),
    '',
  ]
}

function progress({ line, entries }: Snapshot, width: number): string {
  const share = entries === 0 ? 1 : line / entries
  const label = ` ${String(Math.floor(share * 100)).padStart(3)} %  ${count(line)} of ${count(entries)} entries`
  const cells = Math.max(0, width - margin.length - label.length)
  const full = Math.round(share * cells)
  return `${margin}${styleText('cyan', '█'.repeat(full))}${styleText('dim', '░'.repeat(cells - full))}${fit(label, width - margin.length - cells)}`
}

const events = (s: Snapshot): string =>
  [
    `${count(s.events)} events`,
    `${count(s.eventsPerSecond)} a second`,
    `${count(s.scheduled)} scheduled`,
    `${count(s.retries)} retries`,
    `${count(s.deadLetters)} dead`,
  ].join('   ')

const business = (s: Snapshot): string =>
  [`${count(s.completed)} orders completed`, `revenue ${pounds(s.revenue)}`, `refunds ${pounds(s.refunds)}`].join('   ')

function serviceRow({ name, handled, lag, retrying, dead }: ServiceSnapshot, width: number): string {
  const text = fit(row(name, [handled, lag, retrying, dead].map(count)), width)
  if (dead > 0) return styleText('red', text)
  return retrying > 0 ? styleText('yellow', text) : text
}

const row = (name: string, cells: readonly string[]): string =>
  `${margin}${name.padEnd(20)}${cells.map((cell) => cell.padStart(14)).join('')}`

function spread(left: string, right: string, width: number, style: 'bold'): string {
  const gap = width - left.length - right.length
  return gap > 0 ? styleText(style, left) + ' '.repeat(gap) + right : styleText(style, fit(left, width))
}

const fit = (text: string, width: number): string => (text.length <= width ? text : text.slice(0, Math.max(0, width)))

export const count = (value: number): string => value.toLocaleString('en-GB')
