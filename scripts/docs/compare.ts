const wildcard = '…'

const tidy = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd())

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/**
 * True when the output of a run is the expected one. In the expected text `…` stands for any characters within a line (ids,
 * times), and a line of `…` alone for any number of lines. Space at the ends of lines and of the text does not count.
 */
export function outputFits(expected: string, actual: string): boolean {
  const pattern = tidy(expected).map((line) =>
    line.trim() === wildcard ? '(?:.*\\n)*?' : `${line.split(wildcard).map(escaped).join('.*?')}\\n`,
  )
  return new RegExp(`^${pattern.join('')}$`).test(`${tidy(actual).join('\n')}\n`)
}

/** What was expected and what came, for the reader of a failure. */
export const difference = (expected: string, actual: string): string =>
  [
    'expected:',
    ...tidy(expected).map((line) => `  ${line}`),
    'printed:',
    ...tidy(actual).map((line) => `  ${line}`),
  ].join('\n')
