import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import type { Answer, Commands } from './child.ts'

/** Another process, which does what it is asked and ends with the test. */
export interface OtherProcess {
  /** Resolves with the answer; rejects with the error that the process told, its code and reason included. */
  ask<C extends keyof Commands>(
    command: C,
    ...values: Parameters<Commands[C]>
  ): Promise<Awaited<ReturnType<Commands[C]>>>
  /** Gives it nothing more to do, and resolves when it has ended by itself, without an error. */
  end(): Promise<void>
  /** Kills it at once, and resolves when it is gone. */
  kill(): Promise<void>
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>
  /** A shell command to run before, in the same process: `ulimit` and the like. */
  readonly before?: string
}

export function startProcess({ env = {}, before }: ProcessOptions = {}): OtherProcess {
  const node = [process.execPath, '-C', 'millrace-source', join(import.meta.dirname, 'child.ts')]
  const [program, ...values] = before === undefined ? node : ['/bin/sh', '-c', `${before}; exec "$@"`, 'sh', ...node]
  const child = spawn(program!, values, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const gone = once(child, 'exit')
  // A process that is killed closes the pipe under a command; its missing answer tells.
  child.stdin.on('error', () => {})

  async function kill(): Promise<void> {
    child.kill('SIGKILL')
    await gone
  }
  onTestFinished(kill)

  return {
    kill,
    async end() {
      child.stdin.end()
      const [code] = await gone
      if (code !== 0) throw new Error(`the process ended with exit code ${code}`)
    },
    async ask(command, ...values) {
      child.stdin.write(`${JSON.stringify([command, ...values])}\n`)
      const { value: line, done } = await lines.next()
      if (done) throw new Error(`the process ended before it answered '${command}'`)
      const answer = JSON.parse(line) as Answer
      if ('error' in answer) throw Object.assign(new Error(answer.error.message), answer.error)
      return ('value' in answer ? answer.value : undefined) as never
    },
  }
}
