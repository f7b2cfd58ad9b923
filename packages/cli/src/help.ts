import type { Command, Options } from './command.ts'
import { groups } from './commands/index.ts'
import type { Io } from './io.ts'
import { widthOf, wrap } from './output/text.ts'
import { optionsOf, usageOf } from './parse.ts'

const widest = 100

/** All commands. */
export function overview({ width = widest, paint }: Io): string {
  const limit = Math.min(width, widest)
  const sections = groups.map(({ title, commands }) => {
    const rows = commands.map(({ name, summary }): readonly [string, string] => [name, summary])
    return `${paint.bold(title)}\n${list(rows, limit)}`
  })
  return [
    `${paint.bold('millrace')}: run and operate event-driven applications\n`,
    `${paint.bold('Usage')}\n  millrace <command> [arguments] [options]\n`,
    ...sections,
    `\`millrace help <command>\` tells what a command does and takes. Every command takes --json.`,
  ].join('\n')
}

/** What a command does and takes. */
export function helpOf(command: Command, { width = widest, paint }: Io): string {
  const limit = Math.min(width, widest)
  const paragraph = (text: string): string => `${wrap(text, limit).join('\n')}\n`
  const examples = command.examples.map((example) => `  ${example}\n`).join('')
  return [
    paragraph(`${command.summary}.`),
    `${paint.bold('Usage')}\n  ${usageOf(command)} [options]\n`,
    `${paint.bold('Options')}\n${list(optionRows(optionsOf(command)), limit)}`,
    ...command.details.map(paragraph),
    ...(examples === '' ? [] : [`${paint.bold('Examples')}\n${examples}`]),
  ]
    .join('\n')
    .trimEnd()
}

const optionRows = (options: Options): readonly (readonly [string, string])[] =>
  Object.entries(options).map(([name, { describe, value, short }]) => {
    const long = `--${name}${value === undefined ? '' : ` ${value}`}`
    return [`${short === undefined ? '    ' : `-${short}, `}${long}`, describe]
  })

/** Names with what they mean beside them, or below them where there is no room. */
function list(rows: readonly (readonly [string, string])[], width: number): string {
  const indent = 2
  const column = indent + Math.max(...rows.map(([name]) => widthOf(name))) + 2
  const isNarrow = width - column < 30
  return rows
    .map(([name, text]) => {
      if (isNarrow)
        return `  ${name}\n${wrap(text, width - 6)
          .map((line) => `      ${line}\n`)
          .join('')}`
      const [first = '', ...more] = wrap(text, width - column)
      const start = `  ${name}`.padEnd(column)
      return `${start}${first}\n${more.map((line) => `${' '.repeat(column)}${line}\n`).join('')}`
    })
    .join('')
}
