import { MillraceError } from 'millrace'
import { command } from '../command.ts'
import type { Io } from '../io.ts'
import { nearest } from '../nearest.ts'
import { wrap } from '../output/text.ts'
import index from '../patterns.json' with { type: 'json' }
import { findPatterns, type Pattern, wordsOf } from '../patterns.ts'
import { reply, replyRows } from '../reply.ts'

const widest = 100

export const patterns = command({
  name: 'patterns',
  summary: 'Find a pattern of event-driven architecture under any of its names',
  args: ['[WORD…]'],
  onStore: false,
  examples: ['millrace patterns', 'millrace patterns outbox', 'millrace patterns dead letter'],
  run: async (call) => {
    const { io, args } = call
    const all: readonly Pattern[] = index
    const word = args.join(' ')
    if (word === '') {
      const none = 'This version of the command has no pages of patterns.'
      return replyRows(
        call,
        all,
        [
          { title: 'PATTERN', value: ({ title }) => title, style: io.paint.bold },
          { title: 'ALSO CALLED', value: ({ names }) => names.join(', '), flexible: true },
          { title: 'PROMISE', value: ({ promise }) => promise, flexible: true },
        ],
        none,
      )
    }
    const found = findPatterns(all, word)
    if (found.length === 0) {
      const near = nearest(word, wordsOf(all))
      throw new MillraceError('PATTERN_UNKNOWN', { word, near: near === undefined ? [] : [near] })
    }
    return reply(call, found, () => found.map((pattern) => textOf(pattern, io)).join('\n'))
  },
})

function textOf({ title, names, promise, page }: Pattern, { width = widest, paint }: Io): string {
  const limit = Math.min(width, widest)
  const also = names.length === 0 ? [] : wrap(`Also called: ${names.join(', ')}`, limit).map(paint.dim)
  return [paint.bold(title), ...also, ...wrap(promise, limit), paint.cyan(page), ''].join('\n')
}
