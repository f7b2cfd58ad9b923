import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const main = join(import.meta.dirname, '..', 'src', 'main.ts')

/** How a run of the shop in a process of its own ended. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last line of progress that it printed. */
  readonly entries: number
  readonly output: string
  readonly ms: number
}

/** Runs the shop in a process of its own; with `killAfterMs` it is killed then, unless it has ended before. */
export async function runChild(args: readonly string[], killAfterMs?: number): Promise<ChildEnd> {
  const startedMs = performance.now()
  const child = startChild(args)
  let entries = 0
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream! }).on('line', (line) => {
      entries = Number(/^entries (\d+)/.exec(line)?.[1] ?? entries)
      output += `${line}\n`
    })
  }
  const killer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(killer)
  return { code, signal, entries, output, ms: performance.now() - startedMs }
}

export function startChild(args: readonly string[]): ChildProcess {
  const node = ['--conditions', 'millrace-source', main, '--plain']
  return spawn(process.execPath, [...node, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}
