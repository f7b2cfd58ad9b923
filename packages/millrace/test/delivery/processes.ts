import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import type { Role } from './worker.ts'

/** A process that works on a store, and ends with the test at the latest. */
export interface WorkerProcess {
  readonly pid: number
  /** What it has told so far. */
  readonly lines: readonly string[]
  /** What it has written on its standard error. */
  readonly errors: readonly string[]
  /** Resolves when it has told so many lines that begin like this; rejects when it ended before. */
  told(beginning: string, count?: number): Promise<void>
  /** Kills it at once, and resolves when it is gone. */
  kill(): Promise<void>
  /** Asks it to stop in order. */
  end(): Promise<Exit>
  /** Resolves when it is gone. */
  readonly gone: Promise<Exit>
}

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

export function startWorker(path: string, role: Role): WorkerProcess {
  const file = join(import.meta.dirname, 'worker.ts')
  const values = ['-C', 'millrace-source', file, 'run', path, JSON.stringify(role)]
  // Most of the time of a process this short would go into compiling the same files again.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'millrace-test-compiled') }
  const child = spawn(process.execPath, values, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const lines: string[] = []
  const errors: string[] = []
  let changed = Promise.withResolvers<void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    changed.resolve()
    changed = Promise.withResolvers()
  })
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  const gone = exitOf(child)
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await gone
  }
  onTestFinished(kill)
  return {
    pid: child.pid!,
    lines,
    errors,
    gone,
    kill,
    end() {
      child.stdin.end()
      return gone
    },
    async told(beginning, count = 1) {
      const enough = (): boolean => lines.filter((line) => line.startsWith(beginning)).length >= count
      let ended: Exit | undefined
      void gone.then((exit) => (ended = exit))
      while (!enough()) {
        if (ended !== undefined) {
          throw new Error(
            `the process ended with ${JSON.stringify(ended)} before it told '${beginning}' ${count} times: ${errors.join('\n')}`,
          )
        }
        await Promise.race([changed.promise, gone])
      }
    },
  }
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  // The streams are read to their end by then.
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal }
}
