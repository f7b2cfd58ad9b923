import { type Profile, randomFor } from '../profile.ts'

/** A message of an operation, before the system has it. */
export interface PlannedMessage {
  readonly token: string
  readonly key: string | null
}

/** Something that a client is going to ask of the system. */
export interface PlannedOperation {
  readonly kind: 'publish' | 'publish-all' | 'note' | 'schedule' | 'append' | 'request' | 'wait' | 'swap'
  readonly messages: readonly PlannedMessage[]
  /** The client chooses the ids, so that it may ask again when it does not know what came of it. */
  readonly chosenIds: boolean
  /** When scheduled messages are due, in simulated milliseconds after the start. */
  readonly dueMs: number
  readonly stream: string
  /** How soon a note expires. */
  readonly ttlMs: number
  /** Which service is stopped for a moment while the rest goes on. */
  readonly service: string
  /**
   * At which revision the first message is to stand in its stream; undefined: not decided. As long as it is not known what
   * came of it, it must be asked for at the same place again.
   */
  revision?: number
}

/** The streams that messages are appended to. */
export const streams = ['stream-0', 'stream-1'] as const

const kinds: readonly PlannedOperation['kind'][] = [
  'publish',
  'publish',
  'publish',
  'publish-all',
  'schedule',
  'append',
  'request',
  'note',
  'wait',
  'swap',
]

/** All operations that clients of a site are going to ask for. */
export function planOperations(profile: Profile, site: string): PlannedOperation[] {
  const { pick, chance, below, between } = randomFor(profile.seed, `operations ${site}`)
  return Array.from({ length: profile.operations }, (_, number) => {
    const kind = pick(kinds)
    const count =
      kind === 'wait' || kind === 'swap' ? 0 : kind === 'publish-all' || kind === 'append' ? 1 + below(5) : 1
    const messages = Array.from({ length: count }, (_, place) => ({
      token: `${site}${number}.${place}`,
      key: chance(0.1) ? null : `k${below(profile.keys)}`,
    }))
    // A stream's events are told from each other by their place alone, a request's reply by its id.
    const chosenIds = kind === 'append' || kind === 'request' || chance(0.6)
    return {
      kind,
      messages,
      chosenIds,
      dueMs: between(0, profile.activeMs),
      stream: pick(streams),
      ttlMs: 1 + below(200),
      service: pick(['worker', 'auditor', 'teller', 'watcher']),
    }
  })
}
