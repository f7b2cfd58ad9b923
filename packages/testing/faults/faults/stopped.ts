import type { Finding } from '@millrace/testing/history'
import type { Exit } from '../life.ts'
import type { Trial } from '../trial.ts'

/** What may end a process whose store cannot keep its promise any more, or cannot be opened. */
const refusals: ReadonlySet<string> = new Set(['STORE_STOPPED', 'STORE_UNREADABLE', 'STORE_LOCKED'])

/** Whether a process did what it was to do, or was stopped by its store as it should be. */
export const stops = ({ finished, error }: Exit): boolean =>
  finished || (error !== undefined && refusals.has(error.code))

/** A process that ended in another way than it should. */
export const unexpected = ({ code, signal, error, stderr }: Exit): Finding => ({
  kind: 'unexpected',
  message: `a process ended with ${error?.code ?? signal ?? `the exit code ${code}`} instead of being stopped by its store`,
  evidence: { error, stderr },
})

/** A process may have the log copied to the file when it closes the store, and get over that this fails. */
const forgivenCalls = 2

/**
 * What is wrong with the processes whose disk failed.
 * @param failures how often a call failed; a store that does not stop has one after the other
 */
export function judgeExits(trial: Trial, exits: readonly Exit[], failures: number): readonly Finding[] {
  const stopped = exits.filter(({ error }) => error?.code === 'STORE_STOPPED').length
  trial.count('processes that stopped', stopped)
  const wrong = exits.filter((exit) => !stops(exit)).map(unexpected)
  if (wrong.length > 0 || failures <= forgivenCalls * exits.length || exits.some(({ finished }) => !finished))
    return wrong
  return [
    {
      kind: 'unexpected',
      message: `all processes came to their end, although ${failures} calls failed`,
      evidence: { failures },
    },
  ]
}
