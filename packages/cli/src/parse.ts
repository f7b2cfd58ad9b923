import { parseArgs } from 'node:util'
import { type Call, type Command, commonOptions, type Option, type Options, storeOption } from './command.ts'
import { wrongUsage } from './errors.ts'
import type { Io } from './io.ts'
import { nearest } from './nearest.ts'

/** Which command is meant. */
export interface Chosen {
  readonly command: Command
  /** What stands behind its name. */
  readonly rest: readonly string[]
}

export const optionsOf = (command: Command): Options => ({
  ...command.options,
  ...(command.onStore ? storeOption : {}),
  ...commonOptions,
})

/**
 * The command that the first words name. A word that begins several commands stands for the one with `list`.
 * @throws USAGE_INVALID
 */
export function choose(commands: readonly Command[], argv: readonly string[]): Chosen {
  const [first = '', second] = argv
  const one = commands.find(({ name }) => name === first)
  if (one !== undefined) return { command: one, rest: argv.slice(1) }
  const group = commands.filter(({ name }) => name.startsWith(`${first} `))
  if (group.length === 0) throw unknown(`there is no command '${first}'`, first, firstWords(commands))
  const two = group.find(({ name }) => name === `${first} ${second}`)
  if (two !== undefined) return { command: two, rest: argv.slice(2) }
  if (second === undefined || second.startsWith('-')) {
    return { command: group.find(({ name }) => name.endsWith(' list'))!, rest: argv.slice(1) }
  }
  const seconds = group.map(({ name }) => name.slice(first.length + 1))
  throw unknown(`'${first}' has no command '${second}', only ${seconds.join(', ')}`, second, seconds)
}

export const firstWords = (commands: readonly Command[]): readonly string[] => [
  ...new Set(commands.map(({ name }) => name.split(' ', 1)[0]!)),
]

/** @throws USAGE_INVALID */
export function parse({ command, rest }: Chosen, io: Io): Call & { readonly help: boolean } {
  const specs = optionsOf(command)
  const { tokens } = parseArgs({ args: [...rest], options: configOf(specs), strict: false, tokens: true })
  const args: string[] = []
  const given: Record<string, string | true> = {}
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value)
    if (token.kind !== 'option') continue
    const spec = specs[token.name]
    if (spec === undefined) {
      throw unknown(`'${command.name}' has no option '${token.rawName}'`, token.name, Object.keys(specs), '--')
    }
    if (Object.hasOwn(given, token.name)) throw wrongUsage(`'${token.rawName}' is given twice`)
    given[token.name] = optionValue(token.rawName, spec, token.inlineValue ? token.value : notAnOption(token.value))
  }
  const { json, help, store, ...options } = given
  if (help === undefined) checkArity(command, args)
  return {
    io,
    args,
    options: options as Call['options'],
    json: json === true,
    store: store as string | undefined,
    help: help === true,
  }
}

/** A value that looks like an option is one: its own option was left without a value. */
const notAnOption = (value: string | undefined): string | undefined => (value?.startsWith('--') ? undefined : value)

function optionValue(name: string, { value: wanted }: Option, given: string | undefined): string | true {
  if (wanted === undefined) {
    if (given !== undefined) throw wrongUsage(`'${name}' takes no value`)
    return true
  }
  if (given === undefined) throw wrongUsage(`'${name}' needs a value: ${name} ${wanted}`)
  return given
}

function configOf(specs: Options): Record<string, { type: 'string' | 'boolean'; short?: string }> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { value, short }]) => [
      name,
      { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) },
    ]),
  )
}

function checkArity(command: Command, given: readonly string[]): void {
  const required = command.args.filter((name) => !name.startsWith('['))
  const missing = required[given.length]
  if (missing !== undefined) throw wrongUsage(`${missing} is missing: ${usageOf(command)}`)
  const isOpen = command.args.at(-1)?.includes('…') ?? false
  if (!isOpen && given.length > command.args.length) {
    throw wrongUsage(`'${given[command.args.length]}' is one argument too many: ${usageOf(command)}`)
  }
}

/** `millrace rewind NAME` */
export const usageOf = ({ name, args }: Command): string => ['millrace', name, ...args].join(' ')

function unknown(reason: string, word: string, known: readonly string[], prefix = ''): Error {
  const near = nearest(word, known)
  return wrongUsage(near === undefined ? reason : `${reason} (did you mean '${prefix}${near}'?)`)
}
