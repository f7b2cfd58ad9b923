import { fork } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { MeasurementName, Outcome } from './measure/index.ts'
import type { Target } from './peer.ts'

export interface Job {
  readonly peer: string
  readonly measurement: MeasurementName
  readonly target: Omit<Target, 'purpose' | 'handler'>
  readonly amount: { readonly events: number; readonly maxMs: number; readonly idleEvents: number }
}

export type Reply =
  | { readonly outcome: Outcome; readonly durability: string; readonly server: string }
  | { readonly failed: string }

/** A child that has said nothing for this long hangs: the longest measurement is a prefill and a handling. */
const hangsAfterMs = 180_000

/** Runs a job in a process of its own, in a folder of its own. */
export async function runJob(
  job: Omit<Job, 'target'>,
  target: Omit<Job['target'], 'folder'>,
  root: string,
): Promise<Reply> {
  const folder = join(root, target.scope)
  mkdirSync(folder)
  const child = fork(join(import.meta.dirname, 'child.ts'), {
    execArgv: ['-C', 'millrace-source'],
    // What a peer prints is for people, not for whoever reads our output.
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), hangsAfterMs)
  try {
    return await new Promise<Reply>((resolve, reject) => {
      child.on('message', (reply) => resolve(reply as Reply))
      child.on('error', reject)
      child.on('exit', (code, signal) => resolve({ failed: `the process ended with ${signal ?? code} and no result` }))
      child.send({ ...job, target: { ...target, folder } } satisfies Job)
    })
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
