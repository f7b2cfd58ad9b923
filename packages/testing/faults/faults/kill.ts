import { fileURLToPath } from 'node:url'
import { editedSources } from '../edits/edit.ts'
import type { Fault } from '../fault.ts'
import { killVariable, type Point, pointEdits, points } from '../points/points.ts'
import { assertUnharmed, killAtRandom, killInTurns, withoutSignals } from '../scenarios.ts'
import type { Trial } from '../trial.ts'

/** With so many seeds each point must have been reached, and with so many more a process must have been killed at each. */
const enoughToReach = 10
const enoughToKill = 150
const hook = fileURLToPath(new URL('../points/hook.ts', import.meta.url))
const withPoints = { edits: pointEdits, execArgv: ['--import', hook] }

/** SIGKILL at any moment, and at each point where the state of the store and that of the process part. */
export const kill: Fault = {
  name: 'kill',
  description: 'SIGKILL at random moments, and at each named point of the commit and of the delivery.',
  seeds: { quick: 6, full: 200 },
  unavailable: withoutSignals,
  async prepare() {
    editedSources(pointEdits)
  },
  async run(trial) {
    // Some points are met on a new store, others after a death: each is tried on both.
    await killAtPoint(trial, pointOf(trial.seed))
    await killAtRandom(trial, withPoints)
    await killAtPoint(trial, pointOf(trial.seed + Math.floor(points.length / 2)))
    await killInTurns(trial, withPoints)
    return trial.conclude(withPoints)
  },
  judge(counts, seeds) {
    const never = (what: string): readonly string[] =>
      points.filter(({ name }) => !counts.has(`${what} ${name}`)).map(({ name }) => name)
    return [
      ...(seeds < enoughToReach ? [] : never('point').map((point) => `the point '${point}' was never reached`)),
      ...(seeds < enoughToKill ? [] : never('killed at').map((point) => `no process was killed at '${point}'`)),
    ]
  },
}

const pointOf = (number: number): Point => points[number % points.length]!

/** Kills a process when it reaches a point for the first time, or some time later; one that does not ends in order. */
async function killAtPoint(trial: Trial, { name, way }: Point): Promise<void> {
  const { random } = trial
  const times = 1 + random.below(random.pick([1, 1, 4, 50]))
  const life = trial.start({
    ...withPoints,
    env: { [killVariable]: `${name}#${times}` },
    workload: { operations: 60 + random.below(100), leaseMs: 300, ...way },
  })
  const exit = await life.exit
  assertUnharmed(exit)
  if (exit.signal === 'SIGKILL') trial.count('kills')
}
