import { exponential, fixed, immediate, type RetryPolicy } from 'millrace'
import { type Profile, randomFor } from '../profile.ts'

/** How one delivery goes: `failures` attempts end badly, in the one way, then one succeeds in the other way. */
export interface Behaviour {
  readonly failures: number
  /** Its process dies of it, again and again. */
  readonly kills: boolean
  readonly failing: 'throws' | 'rejects' | 'hangs' | 'stays' | 'is fatal' | 'is held' | 'pauses' | 'pauses for a while'
  readonly succeeding: 'at once' | 'in a microtask' | 'in a turn' | 'after a while'
  readonly takesMs: number
}

/** No delivery takes longer that goes well. */
export const longestMs = 200

/** What a handler of the workload throws: the name says what the service is to do about it. */
export class Trouble extends Error {
  readonly failing: Behaviour['failing']

  constructor(failing: Behaviour['failing']) {
    super(`the handler ${failing}`)
    this.failing = failing
  }
}

/** How a delivery goes in a run, by what it is, so that every process and every attempt agrees. */
export function behaviourOf(
  { seed, trouble, slow, poison }: Profile,
  subscription: string,
  message: string,
): Behaviour {
  const { chance, pick, below, between } = randomFor(seed, `${subscription} ${message}`)
  const isTroubled = chance(trouble)
  const isSlow = chance(slow)
  return {
    kills: chance(poison),
    failures: isTroubled ? 1 + below(4) : 0,
    failing: pick([
      'throws',
      'throws',
      'rejects',
      'rejects',
      'hangs',
      'stays',
      'is fatal',
      'is held',
      'pauses',
      'pauses for a while',
    ]),
    succeeding: isSlow
      ? 'after a while'
      : pick(['at once', 'at once', 'at once', 'in a microtask', 'in a turn', 'after a while']),
    takesMs: isSlow ? between(20, longestMs) : pick([0, 1, 5, between(0, 30)]),
  }
}

export function retryOf(seed: number, subscription: string): RetryPolicy {
  const { pick } = randomFor(seed, `retry ${subscription}`)
  return pick([
    immediate({ attempts: 3 }),
    fixed({ attempts: 10, delayMs: 20 }),
    exponential({ attempts: 6, baseMs: 5, maxMs: 200 }),
  ])
}
