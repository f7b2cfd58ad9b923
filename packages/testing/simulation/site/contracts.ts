import type { StandardSchemaV1 } from '@standard-schema/spec'
import { collection, defineCommand, defineEvent } from 'millrace'

/** What every message says of itself. */
export interface Said {
  /** Names the message in the history. */
  readonly token: string
  readonly key: string | null
}

/** A schema that takes everything: what is tested here is not validation. */
function passes<T>(): StandardSchemaV1<T, T> {
  return { '~standard': { version: 1, vendor: 'simulation', validate: (value) => ({ value: value as T }) } }
}

const options = {
  schema: passes<Said>(),
  compatibility: 'none',
  key: ({ key }: Said) => key ?? undefined,
} as const

export const Ordered = defineEvent('sim.ordered', { ...options, topic: 'sim.orders' })
export const Handled = defineEvent('sim.handled', { ...options, topic: 'sim.handled' })
/** Appended to streams. */
export const Entered = defineEvent('sim.entered', { ...options, topic: 'sim.entries' })
/** Expires soon. */
export const Noted = defineEvent('sim.noted', { ...options, topic: 'sim.notes' })
export const Charge = defineCommand('sim.charge', { ...options, topic: 'sim.charges', reply: passes<string>() })

/** The messages that a service has seen which may see them several times, by token. */
export const watched = collection<number>('watched')

/** How many orders of a key were handled: read, raised by one and written by each. */
export const counters = collection<number>('counters')
