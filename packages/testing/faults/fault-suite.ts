import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fault } from './fault.ts'
import type { SeedResult, Suite } from './suite.ts'
import { RunningTrial } from './trial.ts'

/** Runs a fault: one trial for each seed. */
export function suiteOf(fault: Fault): Suite {
  return {
    name: fault.name,
    description: fault.description,
    seeds: fault.seeds,
    unavailable: async () => fault.unavailable?.(),
    prepare: async () => fault.prepare?.(),
    run: (seed) => tryOnce(fault, seed),
    judge: (counts, seeds) => fault.judge?.(counts, seeds) ?? [],
    close: async () => {},
  }
}

async function tryOnce(fault: Fault, seed: number): Promise<SeedResult> {
  const began = performance.now()
  const trial = new RunningTrial(seed)
  const result = (rest: Pick<SeedResult, 'findings' | 'error'>): SeedResult => {
    const ended = { seed, counts: trial.counts, ms: performance.now() - began, ...rest }
    if (rest.findings.length === 0 && rest.error === undefined) {
      trial.remove()
      return ended
    }
    const write = (name: string, value: unknown): void =>
      writeFileSync(join(trial.folder, name), JSON.stringify(value, undefined, 2))
    write('findings.json', rest.findings)
    if (trial.lastHistory !== undefined) write('history.json', trial.lastHistory)
    return { ...ended, kept: trial.folder }
  }
  try {
    return result({ findings: await fault.run(trial) })
  } catch (error) {
    return result({ findings: [], error })
  } finally {
    await trial.end()
  }
}
