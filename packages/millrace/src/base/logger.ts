/** Structured logging. Any logger with these four methods fits (console, or a thin wrap of pino or winston). */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

const silence = (): void => {}

/** The longest line that a default logger writes, in characters. */
const longestLine = 2_000

function textOf(value: unknown): string {
  if (!(value instanceof Error)) return JSON.stringify(value) ?? String(value)
  const code = 'code' in value && typeof value.code === 'string' ? `${value.code}: ` : ''
  return JSON.stringify(`${code}${value.message}`)
}

function toStderr(level: string): Logger['warn'] {
  return (message, fields = {}) => {
    const named = Object.entries(fields).map(([name, value]) => ` ${name}=${textOf(value)}`)
    const line = `${new Date().toISOString()} ${level} millrace: ${message.replaceAll(/\s+/g, ' ')}${named.join('')}`
    process.stderr.write(`${line.length > longestLine ? `${line.slice(0, longestLine)}…` : line}\n`)
  }
}

/** Writes warnings and errors to standard error, a line each: what an application does that was given no logger. */
export const stderrLogger: Logger = {
  debug: silence,
  info: silence,
  warn: toStderr('warn'),
  error: toStderr('error'),
}

/** Writes nothing. */
export const silentLogger: Logger = { debug: silence, info: silence, warn: silence, error: silence }
