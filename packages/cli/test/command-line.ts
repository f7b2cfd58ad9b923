import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { cli } from '../src/cli.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  /** What stands on standard input. Default: it is empty. */
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  /** The columns of the terminal. Default: there is none. */
  readonly columns?: number
}

/** Collects what is written, as a stream of a process does. */
class Sink extends Writable {
  text = ''
  readonly isTTY: boolean
  readonly columns: number

  constructor(columns: number | undefined) {
    super()
    this.isTTY = columns !== undefined
    this.columns = columns ?? 80
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk
    this.emit('text')
    done()
  }
}

/** A command that runs. */
export interface Running {
  readonly ended: Promise<Ran>
  /** Resolves with standard output when it has that text. */
  shows(text: string): Promise<string>
  /** Asks it to end, as Ctrl-C does. */
  interrupt(): void
  /** Types a line. */
  type(line: string): void
}

/** Starts a command line in this process. */
export function start(args: readonly string[], { input, env = {}, columns }: RunOptions = {}): Running {
  const stdin = Object.assign(new PassThrough(), { isTTY: columns !== undefined })
  if (input !== undefined) stdin.end(input)
  else if (columns === undefined) stdin.end()
  const stdout = new Sink(columns)
  const stderr = new Sink(columns)
  const listeners: ((signal: string) => void)[] = []
  const onSignal = (listener: (signal: string) => void): void => void listeners.push(listener)
  const ended = cli(args, { stdin, stdout, stderr, env, onSignal }).then((code) => ({
    code,
    out: stdout.text,
    err: stderr.text,
  }))
  return {
    ended,
    async shows(text) {
      while (!stdout.text.includes(text)) {
        const why = await Promise.race([once(stdout, 'text').then(() => 'more'), ended.then(() => 'end')])
        if (why === 'end') throw new Error(`it ended without '${text}':\n${stdout.text}${stderr.text}`)
      }
      return stdout.text
    },
    interrupt: () => {
      for (const listener of listeners) listener('SIGINT')
    },
    type: (line) => void stdin.write(`${line}\n`),
  }
}

/** Runs a command line in this process, to its end. */
export const run = (args: readonly string[], options?: RunOptions): Promise<Ran> => start(args, options).ended

/** Runs a command line with --json; gives the document that it answers with. */
export async function ask<T = unknown>(args: readonly string[], options?: RunOptions): Promise<T> {
  const { code, out, err } = await run([...args, '--json'], options)
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`)
  return JSON.parse(out) as T
}

/** The error that a command line ends with. */
export async function refusal(
  args: readonly string[],
  options?: RunOptions,
): Promise<{ readonly exit: number; readonly code: string; readonly fields: object; readonly message: string }> {
  const { code, err } = await run([...args, '--json'], options)
  const last = err.trim().split('\n').at(-1) ?? ''
  return { ...JSON.parse(last).error, exit: code }
}

/** An empty folder, which goes with the test. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}
