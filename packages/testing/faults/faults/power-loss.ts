import { join } from 'node:path'
import { checkHistory, type Finding } from '@millrace/testing/history'
import { isMillraceError } from 'millrace'
import type { Edit } from '../edits/edit.ts'
import { enoughToHappen, type Fault } from '../fault.ts'
import type { Life } from '../life.ts'
import { buildLibrary, libraryUnavailable } from '../native/library.ts'
import type { Trial } from '../trial.ts'
import { frequentCheckpoints } from './checkpoints.ts'
import { putFiles } from './files.ts'
import { type Power, watchPower } from './power-loss/power.ts'

/** How often the power fails in a trial, and how many possible outcomes of each failure are looked at. */
const failures = 2
const outcomes = 6

/** A store that does not sync before it acknowledges, and believes that it does. */
const notSynced: Edit = {
  file: 'sqlite/open/settings.ts',
  from: '{ normal: 1, full: 2 }',
  to: '{ normal: 1, full: 1 }',
}

/** Power failures of a machine on which several processes work on the store. */
export const powerLoss: Fault = {
  name: 'power-loss',
  description:
    'The power fails at a random moment: of what was written and not synced, any sectors in any order are on the disk, and one of them is torn. What was acknowledged is there, and each effect once.',
  seeds: { quick: 5, full: 50 },
  unavailable: libraryUnavailable,
  prepare,
  async run(trial) {
    for (let failure = 1; failure <= failures; failure++) {
      const power = await workUntilFailure(trial, failure)
      const findings = await lookAtOutcomes(trial, power)
      if (findings.length > 0) return findings
    }
    return trial.conclude()
  },
}

/**
 * The control: the same with a store that does not sync its commits. If nothing is ever lost here, the fault above proves
 * nothing. Even so the file stays whole.
 */
export const powerLossUnsynced: Fault = {
  name: 'power-loss-unsynced',
  description:
    'The control of power-loss: Millrace is changed so that it commits with synchronous=NORMAL instead of FULL. Acknowledged messages must be found missing, or the fault proves nothing.',
  seeds: { quick: 2, full: 10 },
  unavailable: libraryUnavailable,
  prepare,
  async run(trial) {
    const power = await workUntilFailure(trial, 1, [notSynced])
    for (let outcome = 0; outcome < outcomes; outcome++) {
      const left = power.lose(trial.random)
      trial.count('outcomes')
      // With the mark of what was acknowledged the store itself tells of the loss.
      if (await isRefused(trial, left)) trial.count('outcomes refused')
      const unmarked = new Map([...left].filter(([name]) => !name.endsWith('-mark')))
      if (await isRefused(trial, unmarked)) continue
      const findings = checkHistory(await trial.history())
      if (findings.some(({ kind }) => kind === 'lost')) trial.count('outcomes with losses')
    }
    return []
  },
  judge: (counts, seeds) =>
    seeds < enoughToHappen || (counts.get('outcomes with losses') ?? 0) > 0
      ? []
      : ['no acknowledged message was missing after a power loss although the store did not sync'],
}

async function prepare(): Promise<void> {
  await buildLibrary()
}

/** Lets processes work on the store, and cuts the power of all of them at a random moment. */
async function workUntilFailure(trial: Trial, failure: number, changes: readonly Edit[] = []): Promise<Power> {
  const { random } = trial
  const journal = join(trial.folder, `power-${failure}.journal`)
  const power = watchPower(await buildLibrary(), trial.store, journal)
  const edits = [...changes, ...frequentCheckpoints(random)]
  const lives: Life[] = []
  const begin = (): void => {
    lives.push(trial.start({ env: power.env, edits, workload: { operations: 100_000 } }))
  }
  begin()
  if (random.chance(0.5)) begin()
  // Some failures come while the store is made, opened, or made whole after the failure before.
  const early = changes.length === 0 && random.chance(0.2)
  if (early) await trial.pause(random.between(0, 600))
  else {
    const enough = 1 + random.below(300)
    await lives[0]!.until(({ acknowledged }) => acknowledged >= enough)
    await trial.pause(random.between(0, 30))
  }
  for (const life of lives) life.signal('SIGKILL')
  for (const life of lives) {
    const { signal, error, stderr } = await life.exit
    if (signal !== 'SIGKILL') throw new Error(`a process ended before the power failed: ${error?.message}\n${stderr}`)
  }
  trial.count('power failures')
  return power
}

/** Puts these files in the place of the store. @returns whether it is refused as damaged */
async function isRefused(trial: Trial, files: ReadonlyMap<string, Buffer>): Promise<boolean> {
  putFiles(trial.store, files)
  try {
    await trial.history()
    return false
  } catch (error) {
    if (!isMillraceError(error, 'STORE_DAMAGED')) throw error
    return true
  }
}

/** Looks at several possible outcomes of one failure, and leaves the last of them, or the one where something is wrong. */
async function lookAtOutcomes(trial: Trial, power: Power): Promise<readonly Finding[]> {
  for (let outcome = 0; outcome < outcomes; outcome++) {
    const left = power.lose(trial.random)
    putFiles(trial.store, left)
    const findings = checkHistory(await trial.history())
    // To look at a store is to make it whole; what was left says more.
    if (findings.length > 0) putFiles(trial.store, left)
    if (findings.length > 0) return findings
    trial.count('outcomes')
  }
  return []
}
