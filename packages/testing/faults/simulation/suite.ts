import { type ChildProcess, fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Suite } from '../suite.ts'
import type { Answer } from './answer.ts'

/** A seed takes a fraction of a second; one that takes so long goes round in circles. */
const longestMs = 120_000
const program = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** The deterministic simulation, in processes of its own: as many as there are seeds at once. */
export function simulationSuite(): Suite {
  const idle: ChildProcess[] = []
  const all = new Set<ChildProcess>()
  return {
    name: 'simulation',
    description:
      'A whole system with a seeded scheduler and simulated time: processes crash, freeze and are stopped; what they send is delayed, doubled and reordered.',
    seeds: { quick: 200, full: 2_000 },
    unavailable: async () => undefined,
    prepare: async () => {},
    async run(seed) {
      const began = performance.now()
      const worker = idle.pop() ?? fork(program)
      all.add(worker)
      const { findings, counts, trace, error } = await ask(worker, seed)
      if (worker.connected) idle.push(worker)
      const result = { seed, findings, counts: new Map(Object.entries(counts)), ms: performance.now() - began }
      if (error !== null) return { ...result, error }
      return findings.length === 0 ? result : { ...result, kept: keep(seed, trace) }
    },
    judge: () => [],
    async close() {
      for (const worker of all) worker.kill()
    },
  }
}

function ask(worker: ChildProcess, seed: number): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (error: string): void => resolve({ findings: [], counts: {}, trace: [], error })
    const ended = (code: number | null, signal: NodeJS.Signals | null): void =>
      fail(`the process of the simulation ended with ${code ?? signal}`)
    const hung = setTimeout(() => {
      worker.kill('SIGKILL')
      fail(`the simulation has not ended within ${longestMs / 1_000} s`)
    }, longestMs)
    worker.once('exit', ended)
    worker.once('message', (answer: Answer) => {
      clearTimeout(hung)
      worker.off('exit', ended)
      resolve(answer)
    })
    worker.send(seed)
  })
}

/** @returns the file with what happened */
function keep(seed: number, trace: readonly string[]): string {
  const file = join(tmpdir(), `millrace-simulation-${seed}.txt`)
  writeFileSync(file, `${trace.join('\n')}\n`)
  return file
}
