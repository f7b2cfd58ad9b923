import type { StoreState } from 'millrace/engine'
import { command } from '../command.ts'
import type { Io } from '../io.ts'
import { bytes, count } from '../output/format.ts'
import { type Entry, pairs } from '../output/table.ts'
import { printable } from '../output/text.ts'
import { reply } from '../reply.ts'
import { operate } from '../store.ts'

export const inspect = command({
  name: 'inspect',
  summary: 'Tell what is in a store: its size, its newest position, documents, timers and all counters',
  run: (call) =>
    operate(call, async (operator, path) => {
      const [state, contracts] = await Promise.all([operator.inspect(), operator.contracts()])
      const known = contracts.map(({ name, version, kind, topic }) => ({ name, version, kind, topic }))
      return reply(call, { store: path, ...state, contracts: known }, () => textOf(path, state, known, call.io))
    }),
})

function textOf(
  path: string,
  { head, topics, subscriptions, timers, documents, counters, ...state }: StoreState,
  contracts: readonly { readonly name: string; readonly version: number; readonly kind: string }[],
  { width, paint }: Io,
): string {
  const sum = (values: readonly number[]): string => count(values.reduce((total, value) => total + value, 0))
  const section = (title: string, entries: readonly Entry[]): string =>
    entries.length === 0 ? '' : `\n${paint.bold(title)}\n${pairs(entries, { width, paint })}`
  const about: Entry[] = [
    ['store', path],
    ['size', bytes(state.bytes)],
    ['newest position', count(head)],
    ['events in the log', sum(topics.map(({ events }) => events))],
    ['topics', count(topics.length)],
    ['subscriptions', count(subscriptions.length)],
    ['dead letters', sum(subscriptions.map(({ dead }) => dead))],
    ['timers', count(timers)],
  ]
  return [
    pairs(about, { width, paint }),
    section(
      'Contracts',
      contracts.map(({ name, version, kind }) => [name, `${kind}, version ${version}`]),
    ),
    section(
      'Documents',
      Object.entries(documents).map(([name, value]) => [printable(name), count(value)]),
    ),
    section(
      'Counters',
      counters.map(({ name, subject, value }) => [`${name} ${printable(subject)}`, count(value)]),
    ),
  ].join('')
}
