import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const main = join(import.meta.dirname, '..', 'src', 'main.ts')

/** When a process is killed: so long after it was started, or after it told how far it is for the first time. */
export interface Moment {
  readonly since: 'start' | 'first line'
  readonly ms: number
}

/** How a run of the shop in a process of its own ended. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The entries that it had worked through as it told for the last time; undefined when it did not get to tell. */
  readonly entries: number | undefined
  readonly output: string
  readonly ms: number
}

/** Runs the shop in a process of its own, which is killed at a moment unless it has ended before. */
export async function runChild(args: readonly string[], kill?: Moment): Promise<ChildEnd> {
  const startedMs = performance.now()
  const child = startChild(args)
  let entries: number | undefined
  let output = ''
  let killer: NodeJS.Timeout | undefined
  const aim = (since: Moment['since']): void => {
    if (kill?.since === since) killer ??= setTimeout(() => child.kill('SIGKILL'), kill.ms)
  }
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream! }).on('line', (line) => {
      const progress = /^entries (\d+)/.exec(line)
      if (progress !== null) {
        entries = Number(progress[1])
        aim('first line')
      }
      output += `${line}\n`
    })
  }
  aim('start')
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(killer)
  return { code, signal, entries, output, ms: performance.now() - startedMs }
}

export function startChild(args: readonly string[]): ChildProcess {
  const node = ['--conditions', 'millrace-source', main, '--plain']
  return spawn(process.execPath, [...node, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}
