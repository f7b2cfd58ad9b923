import type { StoredDelivery } from 'millrace/engine'
import { command } from '../command.ts'
import { deliveryData, eventData } from '../events.ts'
import type { Io } from '../io.ts'
import { time } from '../output/format.ts'
import { framesOf } from '../output/stack.ts'
import { type Entry, pairs } from '../output/table.ts'
import { printable, printableLines } from '../output/text.ts'
import { reply } from '../reply.ts'
import { operate } from '../store.ts'
import { wholeNumber } from '../values.ts'

export const deadLettersShow = command({
  name: 'dead-letters show',
  summary: 'Tell all about one dead letter: its errors with their stacks, and the event with its data',
  args: ['SUBSCRIPTION', 'POSITION'],
  run: (call) =>
    operate(call, async (operator) => {
      const [subscription = '', position = ''] = call.args
      const found = await operator.deadLetters.show(subscription, wholeNumber('POSITION', position, 1))
      return reply(call, deliveryData(found), () => textOf(found, call.io))
    }),
})

function textOf(delivery: StoredDelivery, { width, paint }: Io): string {
  const { subscription, position, reason, attempts, deaths, keptMs, orderKey, event, history } = delivery
  const { data, ...attributes } = eventData(event) as { readonly data?: unknown }
  const about: Entry[] = [
    ['subscription', subscription],
    ['position', String(position)],
    ['reason', reason, paint.red],
    ['attempts', String(attempts)],
    ['deaths', String(deaths)],
    ['since', time(keptMs)],
    ['order key', printable(orderKey ?? '(none)')],
  ]
  const named = Object.entries(attributes).map(([name, value]): Entry => [name, printable(String(value))])
  const failures = history.map(({ atMs, code, name, message, stack }, index) => {
    const title = `${index + 1}. ${time(atMs)}  ${code ?? name}: ${printable(message)}`
    // Most tries fail in the same place: that is told once, at the end.
    const frames = framesOf(stack)
    const isRepeated = frames.join() === framesOf(history[index + 1]?.stack ?? null).join()
    return [paint.red(title), ...(isRepeated ? [] : frames.map((frame) => paint.dim(printable(frame))))].join('\n')
  })
  const sheet = { width: undefined, paint }
  return [
    pairs(about, { width, paint }),
    `${paint.bold('Failures')}${history.length === 0 ? ': none' : ''}`,
    ...failures,
    `\n${paint.bold('Event')}\n${pairs(named, sheet)}`,
    `${paint.bold('Data')}\n${printableLines(JSON.stringify(data, null, 2) ?? '(none)')}`,
  ].join('\n')
}
