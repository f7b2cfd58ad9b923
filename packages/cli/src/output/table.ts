import type { Paint } from './paint.ts'
import { shorten, widthOf } from './text.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  readonly align?: 'right'
  /** May be shortened where the terminal is narrow. */
  readonly flexible?: boolean
  /** Left out where no row has anything in it. */
  readonly optional?: boolean
  /** Colours the finished cell. */
  readonly style?: (cell: string, row: Row) => string
}

interface Sheet {
  /** Of the terminal; undefined: as wide as it comes. */
  readonly width: number | undefined
  readonly paint: Paint
}

const gap = 2
const least = 10

/**
 * Rows as a table: a heading and a line each. Where that is wider than the terminal, flexible columns are shortened; where
 * that is not enough, each row becomes a block with a line for each column.
 */
export function table<Row>(rows: readonly Row[], all: readonly Column<Row>[], sheet: Sheet): string {
  const columns = all.filter(({ optional, value }) => !optional || rows.some((row) => value(row) !== ''))
  const cells = rows.map((row) => columns.map(({ value }) => value(row)))
  const natural = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...cells.map((line) => widthOf(line[index]!))),
  )
  const widths = fit(columns, natural, sheet.width)
  return widths === undefined ? blocks(rows, columns, cells, sheet) : lines(rows, columns, cells, widths, sheet)
}

/** The width of each column so that all fit, or undefined where they cannot. */
function fit<Row>(
  columns: readonly Column<Row>[],
  natural: readonly number[],
  width: number | undefined,
): readonly number[] | undefined {
  const total = natural.reduce((sum, each) => sum + each, gap * (columns.length - 1))
  if (width === undefined || total <= width) return natural
  let excess = total - width
  const widths = [...natural]
  while (excess > 0) {
    // The widest one gives way first, so that none is shortened more than it must be.
    const candidates = widths.map((each, index) => (columns[index]!.flexible && each > least ? each : 0))
    const widest = Math.max(...candidates)
    if (widest === 0) return undefined
    widths[candidates.indexOf(widest)]! -= 1
    excess -= 1
  }
  return widths
}

function lines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  widths: readonly number[],
  { paint }: Sheet,
): string {
  const line = (texts: readonly string[], finish: (cell: string, index: number) => string): string => {
    const padded = texts.map((text, index) => {
      const cell = shorten(text, widths[index]!)
      const space = ' '.repeat(widths[index]! - widthOf(cell))
      const styled = finish(cell, index)
      if (columns[index]!.align === 'right') return space + styled
      return index === texts.length - 1 ? styled : styled + space
    })
    return `${padded.join(' '.repeat(gap)).trimEnd()}\n`
  }
  const heading = line(
    columns.map(({ title }) => title),
    (cell) => paint.bold(cell),
  )
  const body = rows.map((row, at) => line(cells[at]!, (cell, index) => columns[index]!.style?.(cell, row) ?? cell))
  return heading + body.join('')
}

function blocks<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  { width, paint }: Sheet,
): string {
  return rows
    .map((row, at) => {
      const entries = columns.map(({ title, style }, index): Entry => {
        const text = cells[at]![index]!
        return [title, text, style === undefined ? undefined : (cell) => style(cell, row)]
      })
      return pairs(entries, { width, paint })
    })
    .join('\n')
}

/** A name, its value, and how to colour that. */
export type Entry = readonly [name: string, value: string, style?: ((cell: string) => string) | undefined]

/** Names and values, a line each; those without a value are left out. */
export function pairs(all: readonly Entry[], { width, paint }: Sheet): string {
  const entries = all.filter(([, value]) => value !== '')
  const widest = Math.max(...entries.map(([name]) => widthOf(name)))
  return entries
    .map(([name, value, style]) => {
      const cell = width === undefined ? value : shorten(value, Math.max(width - widest - gap, least))
      return `${paint.dim(name + ' '.repeat(widest - widthOf(name)))}${' '.repeat(gap)}${style?.(cell) ?? cell}\n`
    })
    .join('')
}
