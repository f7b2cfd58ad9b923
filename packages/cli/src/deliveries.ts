import type { StoredDelivery } from 'millrace/engine'
import type { Options } from './command.ts'
import { wrongUsage } from './errors.ts'
import { count, relative } from './output/format.ts'
import type { Paint } from './output/paint.ts'
import type { Column } from './output/table.ts'
import { printable } from './output/text.ts'
import { positions, wholeNumber } from './values.ts'

export const listingOptions = {
  after: { describe: 'Only those after this position', value: 'POSITION' },
  limit: { describe: 'At most about so many; default 100', value: 'COUNT' },
} as const satisfies Options

/** What a listing is asked for. @throws USAGE_INVALID */
export function listing(
  [subscription]: readonly string[],
  { after, limit }: { readonly after?: string; readonly limit?: string },
): { readonly subscription?: string; readonly after?: number; readonly limit?: number } {
  return {
    ...(subscription === undefined ? {} : { subscription }),
    ...(after === undefined ? {} : { after: wholeNumber('--after', after) }),
    ...(limit === undefined ? {} : { limit: wholeNumber('--limit', limit, 1) }),
  }
}

/** The deliveries that are meant: those named, or all. @throws USAGE_INVALID */
export function meant(texts: readonly string[], all: true | undefined): readonly number[] | 'all' {
  if (all && texts.length > 0) throw wrongUsage('give positions or --all, not both')
  if (!all && texts.length === 0) throw wrongUsage('give the positions that are meant, or --all')
  return all ? 'all' : positions(texts)
}

/** How often it was tried in vain, by failure or with the death of the process. */
const triesOf = ({ attempts, deaths }: StoredDelivery): string =>
  deaths === 0 ? count(attempts) : `${count(attempts)} + ${count(deaths)} deaths`

const lastErrorOf = ({ history }: StoredDelivery): string => {
  const last = history.at(-1)
  return last === undefined ? '' : printable(`${last.code ?? last.name}: ${last.message}`)
}

export function deliveryColumns(
  kind: 'dead' | 'pending',
  nowMs: number,
  { red, dim }: Paint,
): readonly Column<StoredDelivery>[] {
  const state: Column<StoredDelivery>[] = [
    { title: 'STATE', value: (delivery) => delivery.state },
    {
      title: 'DUE',
      value: ({ state, dueMs }) =>
        dueMs !== null ? relative(dueMs, nowMs) : state === 'parked' ? 'when released' : '',
    },
  ]
  return [
    { title: 'SUBSCRIPTION', value: ({ subscription }) => subscription, flexible: true },
    { title: 'POSITION', value: ({ position }) => String(position), align: 'right' },
    { title: 'TYPE', value: ({ event }) => event.header.type, flexible: true },
    { title: 'KEY', value: ({ event }) => printable(event.key ?? ''), flexible: true, optional: true },
    ...(kind === 'pending' ? state : []),
    { title: 'REASON', value: ({ reason }) => reason },
    { title: 'TRIES', value: triesOf, align: 'right' },
    { title: 'SINCE', value: ({ keptMs }) => relative(keptMs, nowMs), align: 'right', style: dim },
    { title: 'LAST ERROR', value: lastErrorOf, flexible: true, style: red },
  ]
}
