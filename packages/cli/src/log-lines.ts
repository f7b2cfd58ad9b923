import { inspect } from 'node:util'
import type { Logger } from 'millrace'
import type { Io } from './io.ts'
import { framesOf } from './output/stack.ts'
import { printable } from './output/text.ts'

type Level = keyof Logger

/** Writes a log to standard output: lines to be read, or with `asJson` lines of JSON. */
export function lineLogger(io: Io, asJson: boolean): Logger {
  const colours = { debug: io.paint.dim, info: io.paint.green, warn: io.paint.yellow, error: io.paint.red }
  const write = (level: Level, message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    const at = new Date().toISOString()
    // The log does not wait for its reader: what cannot be written yet is kept by the stream.
    if (asJson) void io.out(`${JSON.stringify({ at, level, message, ...jsonFields(fields) })}\n`)
    else
      void io.out(
        `${io.paint.dim(at)}  ${colours[level](level.padEnd(5))}  ${printable(message)}${textFields(fields, level, io)}\n`,
      )
  }
  return {
    // Of interest to who develops Millrace itself.
    debug: () => {},
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  }
}

/** An error is its code, message and stack; JSON alone shows none of them. */
function jsonFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? errorFields(value) : value]),
  )
}

function errorFields(error: Error): object {
  const { name, message, stack } = error
  return { name, message, ...('code' in error ? { code: error.code } : {}), stack }
}

/** What failed and is tried again is told in one line; what is given up, with the part of its stack that is the application's. */
function textFields(fields: Readonly<Record<string, unknown>>, level: Level, io: Io): string {
  const { error, ...rest } = fields
  const named = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${io.paint.dim(`${name}=`)}${printable(textOf(value))}`)
    .join('')
  if (error === undefined) return named
  const [what, ...frames] = linesOf(error)
  const told = level === 'error' ? frames : []
  return named + [what, ...told].map((line) => `\n    ${io.paint.dim(printable(line!))}`).join('')
}

function linesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [textOf(error)]
  const what = 'code' in error ? `${error.code}: ${error.message}` : `${error.name}: ${error.message}`
  return [what, ...framesOf(error.stack)]
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(textOf).join(',')
  return typeof value === 'object' ? inspect(value, { breakLength: Number.POSITIVE_INFINITY }) : String(value)
}
