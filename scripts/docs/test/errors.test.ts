import { expect, it } from 'vitest'
import { errorTable } from '../../../packages/millrace/src/base/index.ts'
import { errorsPage, generalMessage } from '../errors.ts'

const entry = (message: (fields: never) => string) => ({ retryable: true, message, remedy: 'Do this | or <that>.' })

it('shows fields by their names, however a message uses them', () => {
  interface Fields {
    readonly list: readonly string[]
    readonly n: number
    readonly path: string
  }
  const message = (f: Fields): string =>
    `${f.path === '' ? 'all' : `'${f.path}'`}: ${f.list.join('; ')}, ${f.n}${f.n === 1 ? ' time' : ' times'}${f.n > 1 ? '!' : ''}, ${f.n.toFixed(1)}, ${new Date(f.n).toISOString()}`
  expect(generalMessage('X', entry(message))).toBe("'{path}': {list}, {n} times, {n}, {n}")
})

it('refuses a message that it cannot show', () => {
  expect(() =>
    generalMessage(
      'X',
      entry((f: { n: number }) => `${f.n * 2}`),
    ),
  ).toThrow('the message of X')
})

it('has one row for every code of the table', () => {
  const rows = errorsPage()
    .split('\n')
    .filter((line) => line.startsWith('| <a id='))
  expect(rows).toHaveLength(Object.keys(errorTable).length)
  expect(rows.length).toBeGreaterThan(0)
})

it('keeps the table a table', () => {
  const page = errorsPage({ SOME_CODE: entry(() => 'a | b, * and `*<`') })
  expect(page).toContain(
    '| <a id="SOME_CODE"></a>`SOME_CODE` | a \\| b, \\* and `*<` | yes | Do this \\| or &lt;that>. |\n',
  )
})
