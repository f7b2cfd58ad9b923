import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Ran } from './command-line.ts'

const main = join(import.meta.dirname, '../src/main.ts')
/** How a shell runs the command. */
export const millrace = `'${process.execPath}' -C millrace-source '${main}'`

/** A command that runs as a process of its own. */
export interface CommandProcess {
  readonly pid: number
  readonly ended: Promise<Ran>
  /** Resolves with standard output when it matches. */
  shows(text: string | RegExp): Promise<string>
  kill(signal: NodeJS.Signals): void
  /** What comes through the pipe of standard input. */
  input(text: string): void
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Starts the command; what is left of it ends with the test. */
export function startProcess(args: readonly string[], { env = {}, cwd }: ProcessOptions = {}): CommandProcess {
  const child = spawn(process.execPath, ['-C', 'millrace-source', main, ...args], {
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk
  })
  const closed = once(child, 'close')
  const ended = closed.then(([code]) => ({ code: Number(code), out, err }))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await closed
  })
  const isShown = (text: string | RegExp): boolean => (typeof text === 'string' ? out.includes(text) : text.test(out))
  return {
    pid: child.pid!,
    ended,
    async shows(text) {
      while (!isShown(text)) {
        const why = await Promise.race([once(child.stdout, 'data').then(() => 'more'), ended.then(() => 'end')])
        if (why === 'end' && !isShown(text)) throw new Error(`it ended without ${text}:\n${out}${err}`)
      }
      return out
    },
    kill: (signal) => void child.kill(signal),
    input: (text) => void child.stdin.write(text),
  }
}
