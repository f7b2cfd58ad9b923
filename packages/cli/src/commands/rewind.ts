import { MillraceError } from 'millrace'
import type { Admin } from 'millrace/admin'
import type { SubscriptionState } from 'millrace/engine'
import { command } from '../command.ts'
import { wrongUsage } from '../errors.ts'
import { exit } from '../exit-codes.ts'
import { count, counted } from '../output/format.ts'
import { confirmed, reply } from '../reply.ts'
import { operate } from '../store.ts'
import { place } from '../values.ts'

export const rewind = command({
  name: 'rewind',
  summary: 'Move a subscription, so that everything from there on is handled again, or skipped',
  args: ['SUBSCRIPTION'],
  options: {
    to: {
      describe: 'beginning, now, a position, a time (2026-04-05T17:31:00Z) or a span (15m: so long ago)',
      value: 'PLACE',
    },
    yes: { describe: 'Do not ask', short: 'y' },
  },
  details: [
    'A position is that of the first event that is handled. Deliveries under way are fenced: what their handlers still do is not committed. What is parked or dead stays. To deliver a part of the log once more and leave the cursor where it is, use `millrace replay`.',
  ],
  examples: [
    'millrace rewind projections --to beginning',
    'millrace rewind mails --to now --yes',
    'millrace rewind payments --to 2h',
  ],
  run: (call) =>
    operate(call, async (operator) => {
      const [subscription = ''] = call.args
      const { to, yes } = call.options
      if (to === undefined) throw wrongUsage('--to is missing: beginning, now, a position, a time or a span')
      const target = place('--to', to, Date.now())
      const before = await find(operator, subscription)
      const question = `'${subscription}' stands at position ${count(before.floor)}. Move it to ${to}?`
      if (!(await confirmed(call, yes, question))) return exit.failed
      await operator.rewind(subscription, target)
      const after = await find(operator, subscription)
      const data = { subscription, from: before.floor, to: after.floor, lag: after.lag }
      return reply(
        call,
        data,
        () =>
          `'${subscription}' goes on after position ${count(after.floor)}: ${counted(after.lag, 'event')} to handle.`,
      )
    }),
})

async function find(operator: Admin, subscription: string): Promise<SubscriptionState> {
  const found = (await operator.subscriptions()).find(({ name }) => name === subscription)
  if (found === undefined) throw new MillraceError('SUBSCRIPTION_UNKNOWN', { subscription })
  return found
}
