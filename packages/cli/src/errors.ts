import { inspect } from 'node:util'
import { type ErrorCode, MillraceError } from 'millrace'
import { exit, exitCodeOf } from './exit-codes.ts'
import type { Io } from './io.ts'
import { printable, wrap } from './output/text.ts'

/** What every Millrace error has. One that an application file threw may be of another copy of the package. */
interface Told {
  readonly code: ErrorCode
  readonly message: string
  readonly remedy: string
  readonly fields: unknown
  readonly cause?: unknown
}

export function toldBy(error: unknown): Told | undefined {
  const isOurs = error instanceof Error && error.name === 'MillraceError' && 'code' in error && 'remedy' in error
  return isOurs ? (error as Error & Told) : undefined
}

/** The error of a command line that is wrong. */
export const wrongUsage = (reason: string): MillraceError<'USAGE_INVALID'> =>
  new MillraceError('USAGE_INVALID', { reason })

/** Tells what went wrong on standard error: the code, what happened, and what to do. Returns the exit code. */
export function report(io: Io, error: unknown, asJson: boolean): number {
  const told = toldBy(error)
  if (asJson) {
    io.err(`${JSON.stringify({ error: jsonOf(error) })}\n`)
  } else if (told !== undefined) io.err(textOf(io, told))
  // Not foreseen, or out of the application's own code: then its stack is what helps.
  else io.err(`${io.paintError.red('✗')} ${error instanceof Error ? inspect(error) : String(error)}\n`)
  return told === undefined ? exit.failed : exitCodeOf(told.code)
}

function jsonOf(error: unknown): unknown {
  if (error instanceof Error && 'toJSON' in error && typeof error.toJSON === 'function') return error.toJSON()
  return { code: null, message: error instanceof Error ? error.message : String(error) }
}

function textOf(io: Io, { code, message, remedy, cause }: Told): string {
  const { red, bold, dim } = io.paintError
  const width = io.isErrorTerminal ? Math.min(io.errorWidth, 120) - 2 : Number.POSITIVE_INFINITY
  const lines = message.split('\n').flatMap((line) => wrap(printable(line), width))
  const because = cause instanceof Error ? wrap(`Cause: ${printable(cause.message)}`, width) : []
  return [
    `${red('✗')} ${bold(code)}`,
    ...lines.map((line) => `  ${line}`),
    ...because.map((line) => `  ${dim(line)}`),
    ...wrap(remedy, width).map((line) => `  ${dim(line)}`),
    '',
  ].join('\n')
}
