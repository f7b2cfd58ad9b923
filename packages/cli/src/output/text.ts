import { stripVTControlCharacters } from 'node:util'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Takes two columns on a terminal: emoji, and the scripts of East Asia (Unicode Standard Annex 11). */
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u
const ascii = /^[\x20-\x7e]*$/
/** Could move the cursor, colour the screen or turn the direction of writing. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** How many columns a text takes, colours not counted. */
export function widthOf(text: string): number {
  if (ascii.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text))) width += wide.test(segment) ? 2 : 1
  return width
}

/** The text in at most so many columns, with an ellipsis where something is left out. The text has no colours. */
export function shorten(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let short = ''
  let used = 1
  for (const { segment } of graphemes.segment(text)) {
    used += wide.test(segment) ? 2 : 1
    if (used > width) break
    short += segment
  }
  return `${short}…`
}

/** Text of somebody else, such as a key or the message of an error, in one line that cannot do anything to a terminal. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    if (character === '\n') return '⏎'
    if (character === '\t') return ' '
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`
  })
}

/** The same for text of several lines, which stay. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n')

/** Text broken between words into lines of at most `width` columns. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
