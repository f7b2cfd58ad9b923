import type { Dispatch } from 'millrace'
import { type Random, randomOf } from '../faults/random.ts'

/** The kinds of trouble that a run may have. */
export const faultKinds = [
  'crash',
  'freeze',
  'stop',
  'break',
  'refuse',
  'slow',
  'jump',
  'operate',
  'outage',
  'kill',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** What a run is like. All of it is drawn from the seed. */
export interface Profile {
  readonly seed: number
  /** One store in a process of its own that is kept in memory, or one in a file that each process opens. */
  readonly store: 'served' | 'file'
  /** One site; or two, each with a store of its own and a broker between them, which events pass one way or both ways. */
  readonly sites: 'one' | 'one way' | 'both ways'
  /** How many processes run the application, on each site. */
  readonly nodes: number
  /** A process is started again on the host where it died, so that its end is known at once; else its leases must lapse. */
  readonly sameHost: boolean
  /** On each site. */
  readonly operations: number
  /** How many operations a process has under way at once. */
  readonly inFlight: number
  readonly keys: number
  /** How long there are faults, and operations are begun, in simulated milliseconds. */
  readonly activeMs: number
  readonly leaseMs: number
  readonly window: number
  readonly concurrency: number
  readonly drainMs: number
  readonly timeoutMs: number
  readonly poisonAfterDeaths: number
  /** Publishers wait while the service that every order has its effects from has more than this before it. */
  readonly maxLag: number | undefined
  /** Operators let one of the services handle again what it has handled. */
  readonly repeats: boolean
  /** Of the service that every order has its effects from. */
  readonly dispatch: Dispatch
  /** How many of all deliveries fail at first. */
  readonly trouble: number
  /** How many of all deliveries take long. */
  readonly slow: number
  /** How many deliveries kill their process. */
  readonly poison: number
  /** How many faults of each kind there are. */
  readonly faults: Readonly<Record<FaultKind, number>>
}

/** Streams of random numbers that do not depend on each other: who draws more from one leaves the others as they are. */
export function randomFor(seed: number, purpose: string): Random {
  let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b)
  for (let index = 0; index < purpose.length; index++) mixed = Math.imul(mixed ^ purpose.charCodeAt(index), 0x01000193)
  return randomOf(mixed ^ (mixed >>> 15))
}

/** The profile of a seed. @param without kinds of faults to leave out, to find out which ones a failure needs */
export function profileOf(seed: number, without: readonly FaultKind[] = []): Profile {
  const random = randomFor(seed, 'profile')
  const { below, chance, pick, between } = random
  // Runs with few kinds of faults find other things than runs with all of them at once.
  const density = pick([0, 0.3, 0.5, 0.8])
  const faults = Object.fromEntries(
    faultKinds.map((kind) => {
      const count = chance(density) ? 1 + below(3) : 0
      return [kind, without.includes(kind) ? 0 : count]
    }),
  ) as Record<FaultKind, number>
  // Processes that take a file from each other, again and again: what only fencing keeps apart.
  const isContested = chance(0.08)
  if (isContested && !without.includes('freeze')) faults.freeze = 4
  const leaseMs = pick(isContested ? [150] : [150, 400, 1_000])
  const sites = pick(['one', 'one', 'one', 'one', 'one', 'one', 'one', 'one', 'one way', 'both ways'] as const)
  return {
    seed,
    store: isContested || chance(0.1) ? 'file' : 'served',
    sites,
    nodes: isContested ? 2 : pick(sites === 'one' ? [1, 1, 2, 2, 3] : [1, 1, 2]),
    sameHost: chance(0.5),
    operations: isContested ? 30 : 5 + below(sites === 'one' ? 25 : 15),
    inFlight: pick([1, 2, 8]),
    keys: pick([1, 2, 3, 6]),
    // Not much longer than leases: what happens while nothing happens is the same again and again.
    activeMs: isContested ? 4_000 : Math.min(pick([50, 300, 1_500, 4_000]), 20 * leaseMs),
    leaseMs,
    window: isContested ? 64 : pick([1, 2, 4, 16, 64]),
    concurrency: isContested ? 8 : pick([1, 2, 3, 8, 64]),
    drainMs: pick([0, 20, 500]),
    timeoutMs: isContested ? 1_000 : pick([30, 150, 1_000]),
    poisonAfterDeaths: pick([1, 3, 3, 10]),
    maxLag: chance(0.2) ? pick([1, 4]) : undefined,
    repeats: faults.operate > 0 && chance(0.4),
    dispatch: pick(['keyed', 'keyed', 'keyed', 'serial', 'concurrent'] as const),
    trouble: isContested ? 0.1 : pick([0, 0.1, 0.3, between(0, 0.9)]),
    slow: isContested ? 0.8 : pick([0, 0, 0.1, 0.5]),
    poison: faults.kill > 0 ? pick([0.02, 0.1]) : 0,
    faults,
  }
}
