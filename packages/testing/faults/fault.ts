import type { Finding } from '@millrace/testing/history'
import type { Trial } from './trial.ts'

/** A way to break the system, tried with many seeds. It holds no state: trials run beside each other. */
export interface Fault {
  /** As `--only NAME` takes it. */
  readonly name: string
  /** One sentence for the report: what is done to the system, and what must hold all the same. */
  readonly description: string
  /** How many seeds a short selection takes, and how many the whole evidence. */
  readonly seeds: { readonly quick: number; readonly full: number }
  /** Why it cannot be tried on this machine (and how to make that possible); undefined when it can. Asked once. */
  unavailable?(): Promise<string | undefined> | string | undefined
  /** What is made once before the first trial, such as a compiled library. */
  prepare?(): Promise<void>
  /**
   * Tries it with the trial's seed. Most faults end with `return trial.conclude()`.
   * @returns what is wrong: what the checkers found, and what the fault itself expected and did not see
   * @throws when the trial itself cannot be carried out; that counts as a failure, too
   */
  run(trial: Trial): Promise<readonly Finding[]>
  /**
   * What all trials together must show, such as a point that was reached at least once.
   * @param counts the sums of what the trials counted (`trial.count`)
   * @returns what is missing, in sentences; an empty list when nothing is
   */
  judge?(counts: ReadonlyMap<string, number>, seeds: number): readonly string[]
}

/** With fewer seeds than this it may be that something which the fault brings about never happened. */
export const enoughToHappen = 10
