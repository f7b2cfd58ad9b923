import { join } from 'node:path'
import { chance } from '../src/world/chance.ts'
import { type ChildEnd, type Moment, runChild } from './child.ts'
import { TemporaryFolder } from './slice.ts'
import { type Verified, verify } from './verify.ts'

export interface KillPlan {
  readonly data: string
  readonly kills: number
  readonly seed: number
  /** A process that runs is killed within this time. */
  readonly longestMs: number
  readonly onKill?: (kill: Kill) => void
  readonly onRound?: (round: Round) => void
}

export interface Kill {
  readonly number: number
  readonly moment: Moment
  /** How far the shop had told it was; undefined when it was killed before it did. */
  readonly entries: number | undefined
}

/** One store, from its first process to the end of the ledger. */
export interface Round extends Verified {
  readonly number: number
  readonly kills: number
  readonly ms: number
  /** Where its store is; gone unless there are faults. */
  readonly folder: string
}

/** Of four kills one comes while the process starts. */
const earlyRate = 0.25
const earlyMs = 500

/**
 * Runs the shop and kills it with SIGKILL, again and again, at moments that the seed decides. A run that gets to its end is
 * verified, and the next one begins on a new store, until all kills are spent; the last run ends undisturbed.
 */
export async function runWithKills(plan: KillPlan): Promise<readonly Round[]> {
  const rounds: Round[] = []
  let kills = 0
  let launches = 0
  do {
    using folder = new TemporaryFolder()
    const startedMs = performance.now()
    const before = kills
    const args = [
      '--data',
      plan.data,
      '--store',
      join(folder.path, 'shop.db'),
      '--rate',
      '0',
      '--seed',
      String(plan.seed),
    ]
    for (;;) {
      const moment = kills < plan.kills ? momentOf(plan, launches++) : undefined
      const end = await runChild(args, moment)
      if (moment === undefined || end.signal !== 'SIGKILL') {
        assertDone(end)
        break
      }
      kills++
      plan.onKill?.({ number: kills, moment, entries: end.entries })
    }
    const verified = await verify(join(folder.path, 'shop.db'), plan.data)
    if (verified.faults.length > 0) folder.keep()
    const round = {
      number: rounds.length + 1,
      kills: kills - before,
      ms: performance.now() - startedMs,
      folder: folder.path,
      ...verified,
    }
    rounds.push(round)
    plan.onRound?.(round)
  } while (kills < plan.kills)
  return rounds
}

function momentOf({ seed, longestMs }: KillPlan, launch: number): Moment {
  const isEarly = chance(seed, 'early', launch) < earlyRate
  const part = chance(seed, 'moment', launch)
  return isEarly ? { since: 'start', ms: part * earlyMs } : { since: 'first line', ms: part * longestMs }
}

function assertDone({ code, signal, output }: ChildEnd): void {
  if (code !== 0) throw new Error(`The shop ended with ${code ?? signal}:\n${output}`)
}
