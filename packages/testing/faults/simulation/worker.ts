// A process that runs seeds of the simulation, one at a time: the simulation takes the clock and the randomness of its process.
import { inspect } from 'node:util'
import { runSeed } from '../../simulation/index.ts'
import type { Answer } from './answer.ts'

process.on('message', (seed: number) => {
  void answer(seed).then((told) => process.send!(told))
})

async function answer(seed: number): Promise<Answer> {
  try {
    const { findings, counts: told, trace } = await runSeed(seed)
    const { simulatedMs, ...others } = told
    const counts = { ...others, 'simulated seconds': Math.round(simulatedMs / 1_000) }
    return { findings, counts, trace: findings.length === 0 ? [] : trace, error: null }
  } catch (error) {
    return { findings: [], counts: {}, trace: [], error: inspect(error) }
  }
}
