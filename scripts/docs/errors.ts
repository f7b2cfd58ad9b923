import { errorTable } from '../../packages/millrace/src/base/index.ts'

interface Entry {
  readonly retryable: boolean
  readonly message: (fields: never) => string
  readonly remedy: string
}

/** Moments in a far future: a message that shows a field as a date shows the moment of that field. */
const momentOf = (index: number): number => 8e15 + index

/**
 * A value that reads as `{name}` wherever a message puts it: in a template, joined, formatted or mapped. Comparisons with it
 * are false, so that a message takes its general form.
 */
function placeholder(name: string, moment: number): unknown {
  const text = `{${name}}`
  const primitives: Readonly<Record<string, unknown>> = { number: Number.NaN, string: text, default: moment }
  return new Proxy(() => text, {
    get: (_, key) => {
      if (key === Symbol.toPrimitive) return (hint: string) => primitives[hint]
      return key === 'length' ? Number.NaN : () => text
    },
  })
}

/** The message of an entry with the names of its fields in place of their values. */
export function generalMessage(code: string, { message }: Entry): string {
  const names: string[] = []
  const get = (_: object, name: string | symbol): unknown => {
    names.push(String(name))
    return placeholder(String(name), momentOf(names.length - 1))
  }
  let text = message(new Proxy({}, { get }) as never)
  for (const [index, name] of names.entries()) {
    const moment = momentOf(index)
    text = text.replaceAll(new Date(moment).toISOString(), `{${name}}`).replaceAll(String(moment), `{${name}}`)
  }
  if (/NaN|undefined|\[object|=>/.test(text)) {
    throw new Error(
      `docs/errors.md cannot show the message of ${code}: '${text}'. Make its fields plain values or lists.`,
    )
  }
  return text
}

/** Text as it reads in a cell of a table; within backticks only the bar has a meaning. */
const cell = (text: string): string =>
  text
    .replaceAll('\n', ' ')
    .replaceAll('|', '\\|')
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('*', '\\*').replaceAll('<', '&lt;')))
    .join('')

const row = ([code, entry]: [string, Entry]): string =>
  `| <a id="${code}"></a>\`${code}\` | ${cell(generalMessage(code, entry))} | ${entry.retryable ? 'yes' : 'no'} | ${cell(entry.remedy)} |`

/** The text of docs/errors.md. */
export function errorsPage(table: Readonly<Record<string, Entry>> = errorTable): string {
  return `# Errors

<!-- Generated from packages/millrace/src/base/error-table.ts by \`npm run docs\`. Change it there. -->

Every error that Millrace throws is a \`MillraceError\` with a \`code\` from this table, typed \`fields\`, and a \`remedy\` that says
what to do next. A code keeps its meaning for ever. \`retryable\` tells whether the same call may succeed later without a
change. \`{name}\` stands for the field of that name.

| code | meaning | retryable | remedy |
|---|---|---|---|
${Object.entries(table).map(row).join('\n')}
`
}
