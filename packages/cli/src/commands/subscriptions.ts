import { MillraceError } from 'millrace'
import type { Admin } from 'millrace/admin'
import type { SubscriptionState } from 'millrace/engine'
import { type Call, command } from '../command.ts'
import { exit } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { count, duration } from '../output/format.ts'
import type { Paint } from '../output/paint.ts'
import { type Column, pairs, table } from '../output/table.ts'
import { printable } from '../output/text.ts'
import { reply, replyRows } from '../reply.ts'
import { operate } from '../store.ts'

const refreshMs = 1_000

export const subscriptions = command({
  name: 'subscriptions',
  summary: 'List the subscriptions, with their lag and what is kept for them; or tell all about one',
  args: ['[SUBSCRIPTION]'],
  options: { watch: { describe: 'Go on showing them, anew every second, until Ctrl-C', short: 'w' } },
  details: [
    'LAG counts the events that are not settled yet; BEHIND is the age of the oldest of them. PARKED waits for a retry or for an operator, WAITING for an earlier event of its key; DEAD was given up.',
    'A subscription is running while a process has its lease, stopped while none has, and paused while somebody, or an error, has paused it.',
  ],
  run: (call) =>
    operate(call, async (operator) => {
      const [name] = call.args
      if (call.options.watch) return watch(call, operator, name)
      const found = await find(operator, name)
      if (name !== undefined) return reply(call, found[0], () => detail(found[0]!, call.io))
      return replyRows(call, found, columns(call.io.paint), none)
    }),
})

const none = 'There are no subscriptions yet.'

async function find(operator: Admin, name: string | undefined): Promise<readonly SubscriptionState[]> {
  const all = await operator.subscriptions()
  const found = name === undefined ? all : all.filter((one) => one.name === name)
  if (name !== undefined && found.length === 0) throw new MillraceError('SUBSCRIPTION_UNKNOWN', { subscription: name })
  return found
}

type Phase = 'running' | 'paused' | 'stopped'

const phaseOf = ({ paused, owner }: SubscriptionState): Phase =>
  paused !== null ? 'paused' : owner !== null ? 'running' : 'stopped'

function columns({ green, yellow, red, dim }: Paint): readonly Column<SubscriptionState>[] {
  const colour = { running: green, paused: yellow, stopped: dim }
  const some = (paint: (text: string) => string) => (cell: string) => (cell === '0' ? cell : paint(cell))
  return [
    { title: 'SUBSCRIPTION', value: ({ name }) => name, flexible: true },
    { title: 'STATE', value: phaseOf, style: (cell, row) => colour[phaseOf(row)](cell) },
    { title: 'LAG', value: ({ lag }) => count(lag), align: 'right', style: some(yellow) },
    { title: 'BEHIND', value: ({ lag, lagMs }) => (lag === 0 ? '' : duration(lagMs)), align: 'right' },
    { title: 'PARKED', value: ({ parked }) => count(parked), align: 'right', style: some(yellow) },
    { title: 'WAITING', value: ({ waiting }) => count(waiting), align: 'right', style: some(yellow) },
    { title: 'DEAD', value: ({ dead }) => count(dead), align: 'right', style: some(red) },
    { title: 'FLOOR', value: ({ floor }) => count(floor), align: 'right' },
    { title: 'TOPICS', value: (subscription) => subscription.topics.join(', '), flexible: true },
  ]
}

function detail(subscription: SubscriptionState, { width, paint }: Io): string {
  const { paused, owner, settled } = subscription
  const entries = columns(paint).map(({ title, value, style }): [string, string, ((cell: string) => string)?] => {
    const colour = style === undefined ? undefined : (cell: string) => style(cell, subscription)
    return colour === undefined
      ? [title.toLowerCase(), value(subscription)]
      : [title.toLowerCase(), value(subscription), colour]
  })
  if (paused !== null) entries.push(['paused', printable(paused)])
  if (owner !== null) entries.push(['owner', owner])
  for (const [reason, times] of Object.entries(settled)) entries.push([reason, count(times)])
  return pairs(entries, { width, paint })
}

/** Shows the list anew until it is interrupted: in place on a terminal, line by line for programs. */
async function watch(call: Call, operator: Admin, name: string | undefined): Promise<number> {
  const { io, json } = call
  const { interrupted } = io
  const inPlace = io.isTerminal && !json
  if (inPlace) await io.out('\x1b[?1049h\x1b[?25l')
  try {
    while (!interrupted.aborted) {
      const found = await find(operator, name)
      if (json) await io.out(`${JSON.stringify(found)}\n`)
      else {
        const text =
          found.length === 0 ? `${none}\n` : table(found, columns(io.paint), { width: io.width, paint: io.paint })
        const title = io.paint.dim(`${new Date().toISOString()}  Ctrl-C ends`)
        const lines = `${title}\n\n${text}`.split('\n').slice(0, inPlace ? io.height - 1 : undefined)
        await io.out(`${inPlace ? '\x1b[H\x1b[J' : ''}${lines.join('\n')}\n`)
      }
      await passed(refreshMs, interrupted)
    }
  } finally {
    if (inPlace) await io.out('\x1b[?25h\x1b[?1049l')
  }
  return exit.ok
}

function passed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
