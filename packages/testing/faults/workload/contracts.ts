import type { StandardSchemaV1 } from '@standard-schema/spec'
import { collection, defineCommand, defineEvent, defineQuery } from 'millrace'

/** How the handlers are to treat a message: it is in the data, so that every process treats it alike. */
export interface Plan {
  /** So many attempts fail. */
  readonly fails?: number
  /** The delay before the next attempt after each of them, in milliseconds. */
  readonly retryMs?: number
  /** It fails for good, until somebody edits its data. */
  readonly dead?: boolean
  /** The handler takes so long, in milliseconds; 0: it ends at once. */
  readonly slowMs?: number
  /** What the handler publishes along: to the log, to the log later, to a stream. */
  readonly derive?: readonly ('done' | 'later' | 'stream')[]
  /** Of no meaning: it makes the message big. */
  readonly filler?: string
}

/** The data of every message: who it is in the history, and how it is handled. */
export interface Task {
  readonly id: string
  readonly key: string | null
  readonly plan: Plan
}

export interface Answer {
  readonly id: string
  readonly value: string
}

/** A schema that takes everything: what is tested here is not validation. */
function passes<T>(): StandardSchemaV1<T, T> {
  return { '~standard': { version: 1, vendor: 'faults', validate: (value) => ({ value: value as T }) } }
}

const options = {
  schema: passes<Task>(),
  compatibility: 'none',
  key: ({ key }: Task) => key ?? undefined,
} as const

/** Messages for which no order is promised, or that keep it, or fail, or are parked. */
export const Plain = defineEvent('work.plain', options)
export const Keyed = defineEvent('work.keyed', options)
/** Another type in the topic of the keyed ones: the order of a key goes across types. */
export const KeyedToo = defineEvent('work.keyed-too', { ...options, topic: 'work.keyed' })
export const Timed = defineEvent('work.timed', options)
export const Streamed = defineEvent('work.streamed', options)
export const WithSql = defineEvent('work.with-sql', options)
/** Events that retention deletes, and that compaction does. */
export const Noise = defineEvent('work.noise', options)
export const Price = defineEvent('work.price', options)
/** What handlers publish. */
export const Derived = defineEvent('work.derived', options)

export const Order = defineCommand('work.order', { ...options, reply: passes<Answer>() })
export const Question = defineQuery('work.question', { ...options, reply: passes<Answer>() })

export const tallies = collection<{ readonly count: number }>('tallies')

/** All topics of the workload. */
export const everything = 'work.**'
