import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytes, counted, duration, relative } from '../src/output/format.ts'
import { paint, plain } from '../src/output/paint.ts'
import { type Column, pairs, table } from '../src/output/table.ts'
import { printable, shorten, widthOf, wrap } from '../src/output/text.ts'

describe('text', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['😀!', 3],
    ['\x1b[31mred\x1b[39m', 3],
    ['', 0],
  ])('%j is %d columns wide', (text, width) => expect(widthOf(text)).toBe(width))

  it('is shortened to what fits', () => {
    expect(shorten('abcdef', 6)).toBe('abcdef')
    expect(shorten('abcdefg', 6)).toBe('abcde…')
    expect(shorten('日本語', 4)).toBe('日…')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, width) => {
        expect(widthOf(shorten(printable(text), width))).toBeLessThanOrEqual(width)
      }),
    )
  })

  it('of others cannot do anything to a terminal', () => {
    expect(printable('a\x1b[2J\u009b31m\nb\tc\u202ed')).toBe('a\\u001b[2J\\u009b31m⏎b c\\u202ed')
    fc.assert(
      fc.property(fc.string({ unit: fc.nat(0x3000).map((code) => String.fromCodePoint(code)) }), (text) => {
        expect(printable(text)).not.toMatch(/\p{Cc}/u)
      }),
    )
  })

  it('is wrapped between words', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four'])
    expect(wrap('unbreakable', 3)).toEqual(['unbreakable'])
  })
})

describe('numbers', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [3_290, '3.2 s'],
    [59_999, '59 s'],
    [245_000, '4 min 5 s'],
    [7_800_000, '2 h 10 min'],
    [273_600_000, '3 d 4 h'],
    [86_400_000, '1 d'],
  ])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text))

  it('are told with their units', () => {
    expect(relative(1_000, 61_000)).toBe('1 min ago')
    expect(relative(61_000, 1_000)).toBe('in 1 min')
    expect(bytes(1_023)).toBe('1,023 B')
    expect(bytes(1_234_567)).toBe('1.2 MiB')
    expect(counted(1, 'event')).toBe('1 event')
    expect(counted(12_345, 'event')).toBe('12,345 events')
    expect(counted(2, 'delivery', 'deliveries')).toBe('2 deliveries')
  })
})

describe('colours', () => {
  const colours = (isTTY: boolean, env: Record<string, string> = {}): boolean => paint({ isTTY }, env).red('x') !== 'x'

  it('are for terminals, and as the environment wants them', () => {
    expect(colours(true)).toBe(true)
    expect(colours(false)).toBe(false)
    expect(colours(true, { NO_COLOR: '1' })).toBe(false)
    expect(colours(true, { TERM: 'dumb' })).toBe(false)
    expect(colours(false, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(true)
    expect(colours(true, { FORCE_COLOR: '0' })).toBe(false)
  })
})

interface Row {
  readonly name: string
  readonly events: string
  readonly note: string
}

const rows: readonly Row[] = [
  { name: 'shop.order.requested', events: '12', note: '' },
  { name: '日本', events: '3,456', note: '' },
]
const columns: readonly Column<Row>[] = [
  { title: 'TOPIC', value: ({ name }) => name, flexible: true },
  { title: 'EVENTS', value: ({ events }) => events, align: 'right' },
  { title: 'NOTE', value: ({ note }) => note, optional: true },
]

describe('a table', () => {
  const as = (width: number | undefined): string => table(rows, columns, { width, paint: plain })

  it('has a heading and a line for each row; a column that has nothing is left out', () => {
    expect(as(undefined)).toBe(
      ['TOPIC                 EVENTS', 'shop.order.requested      12', '日本                   3,456', ''].join('\n'),
    )
  })

  it('fits the terminal: columns are shortened, and where that is not enough, rows become blocks', () => {
    expect(as(20)).toBe(['TOPIC         EVENTS', 'shop.order.…      12', '日本           3,456', ''].join('\n'))
    expect(as(17)).toBe(['TOPIC   shop.orde…', 'EVENTS  12', '', 'TOPIC   日本', 'EVENTS  3,456', ''].join('\n'))
  })

  it('is never wider than the terminal, blocks apart', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 30 }).map(printable)
    const row = fc.record({ name: cell, events: cell, note: cell })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.integer({ min: 60, max: 120 }), (some, width) => {
        const flexible = columns.map((column) => ({ ...column, flexible: true }))
        for (const line of table(some, flexible, { width, paint: plain }).split('\n')) {
          expect(widthOf(line)).toBeLessThanOrEqual(width)
        }
      }),
    )
  })

  it('of names and values leaves out what has no value', () => {
    const text = pairs(
      [
        ['store', 'shop.db'],
        ['paused', ''],
        ['size', '1 KiB'],
      ],
      { width: undefined, paint: plain },
    )
    expect(text).toBe('store  shop.db\nsize   1 KiB\n')
  })
})
