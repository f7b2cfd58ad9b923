import type { Io } from './io.ts'

export interface Option {
  readonly describe: string
  /** What stands for the value in the help, as in `PATH`. An option without one is a switch. */
  readonly value?: string
  readonly short?: string
}

export type Options = Readonly<Record<string, Option>>

/** What was given: text for options with a value, true for switches. */
type Given<O extends Options> = {
  readonly [Name in keyof O]?: O[Name] extends { readonly value: string } ? string : true
}

export interface Call<O extends Options = Options> {
  readonly io: Io
  readonly args: readonly string[]
  readonly options: Given<O>
  /** `--json`: one JSON document on standard output instead of text. */
  readonly json: boolean
  /** `--store`, as it was given. */
  readonly store: string | undefined
}

/** One command of the command line. */
export interface Command {
  /** One word, or two for those that belong together: `dead-letters redrive`. */
  readonly name: string
  readonly summary: string
  /** The arguments in order: `NAME` is required, `[NAME]` is not, `NAME…` takes all that are left. */
  readonly args: readonly string[]
  readonly options: Options
  /** Whether it works on a store, so that it takes `--store`. */
  readonly onStore: boolean
  /** What the summary leaves out; paragraphs. */
  readonly details: readonly string[]
  readonly examples: readonly string[]
  /** Returns the exit code. */
  run(call: Call): Promise<number>
}

interface CommandSpec<O extends Options> {
  readonly name: string
  readonly summary: string
  readonly args?: readonly string[]
  readonly options?: O
  readonly onStore?: boolean
  readonly details?: readonly string[]
  readonly examples?: readonly string[]
  run(call: Call<O>): Promise<number>
}

/** A command, whose options are known by name and type where it runs. */
export function command<const O extends Options = Record<never, never>>(spec: CommandSpec<O>): Command {
  const { args = [], options = {}, onStore = true, details = [], examples = [] } = spec
  return { ...spec, args, options, onStore, details, examples, run: (call) => spec.run(call as Call<O>) }
}

/** Options that every command has. */
export const commonOptions: Options = {
  json: { describe: 'Write JSON on standard output, for programs' },
  help: { describe: 'Tell what the command does and takes', short: 'h' },
}

export const storeOption: Options = {
  store: {
    describe: 'The store; default: MILLRACE_STORE, or the only store (*.db) in this folder',
    value: 'PATH',
    short: 's',
  },
}
