import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

/** How a child process ended. `output` holds standard output and standard error as they came. */
export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly output: string
}

interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

/** The environment of a child: the tools and the Node that the repository pins come first, and nothing is coloured. */
export function childEnv(root: string, extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...inherited } = process.env
  const path = [join(root, 'node_modules/.bin'), process.env.PATH ?? ''].join(delimiter)
  return { ...inherited, PATH: path, NO_COLOR: '1', CI: 'true', ...extra }
}

/** Runs a command to its end without standard input. Rejects only when the command cannot be started. */
export function run(root: string, command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: childEnv(root, options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 300_000,
    })
    let stdout = ''
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal !== null) output += `\n${command} was ended by ${signal}\n`
      resolve({ code: code ?? 1, stdout, output })
    })
  })
}
