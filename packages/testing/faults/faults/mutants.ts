import { editedSources } from '../edits/edit.ts'
import type { Fault } from '../fault.ts'
import type { LifeOptions } from '../life.ts'
import { mutants as all, type Conditions, type Mutant } from '../mutants/mutants.ts'
import { beside, killAtRandom, stopInTurns, withoutSignals } from '../scenarios.ts'
import { RunningTrial, type Trial } from '../trial.ts'

/** A mutant is tried so often. One that most trials do not catch takes several; one that none catches is a failure. */
const mostTries = 12
/** A mutant that loses work may never come to its end. */
const settleWithinMs = 8_000

const runs: Readonly<Record<Conditions, (trial: Trial, options: LifeOptions) => Promise<unknown>>> = {
  alone: (trial, options) => trial.start(options).exit,
  beside,
  killed: async (trial, options) => {
    for (let kills = 0; kills < 3; kills++) await killAtRandom(trial, options)
  },
  stopped: (trial, options) => stopInTurns(trial, 3, options),
}

/** Mistakes that are made on purpose, to see that the checkers find them. */
export const mutants: Fault = {
  name: 'mutants',
  description: `Deliberate mistakes in Millrace itself, one a seed: the checkers must find each of the ${all.length}.`,
  seeds: { quick: 6, full: all.length },
  unavailable: withoutSignals,
  async prepare() {
    for (const { edits } of all) editedSources(edits)
  },
  async run(trial) {
    const mutant = all[trial.seed % all.length]!
    let outcome: unknown
    for (let tries = 1; tries <= mostTries; tries++) {
      trial.count('tries')
      outcome = await tryOnce(mutant, trial.random.below(2 ** 31))
      if (outcome !== 'caught') continue
      trial.count(`caught: ${mutant.name}`)
      return []
    }
    const message = `the mutant '${mutant.name}' was not caught in ${mostTries} tries: no '${mutant.finding}' was found`
    throw new Error(message, { cause: outcome })
  },
  judge: (counts, seeds) =>
    seeds < all.length
      ? []
      : all
          .filter(({ name }) => !counts.has(`caught: ${name}`))
          .map(({ name }) => `the mutant '${name}' was not tried`),
}

/**
 * @returns what was found instead, or the error that ended the trial: a mutant may break so much that its processes cannot go on,
 * or that the store is refused; that is no finding of the checkers
 */
async function tryOnce(mutant: Mutant, seed: number): Promise<unknown> {
  const trial = new RunningTrial(seed, settleWithinMs)
  const { edits, workload = {} } = mutant
  try {
    await runs[mutant.conditions](trial, { edits, workload })
    const findings = await trial.conclude({ edits, workload: { ...workload, operations: 0 } })
    return findings.some(({ kind }) => kind === mutant.finding) ? 'caught' : findings
  } catch (error) {
    return error
  } finally {
    await trial.end()
    trial.remove()
  }
}
