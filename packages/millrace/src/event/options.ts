import { MillraceError } from '../base/index.ts'

/** What a publisher may say about one event beside its data. */
export interface EventOptions {
  /** Chosen by the caller: publishing the same id to the same topic again is answered as a duplicate. */
  readonly id?: string
  /** Overrides the key that the contract finds in the data. */
  readonly key?: string
  /** When it happened. Default: now. */
  readonly time?: Date
  readonly subject?: string
  /** After this time nobody handles it any more. */
  readonly expiresAt?: Date
  /** The same as a span of time, in milliseconds. */
  readonly ttlMs?: number
  readonly correlationId?: string
  readonly traceparent?: string
  readonly tracestate?: string
  /** Further CloudEvents extension attributes: lower-case letters and digits. */
  readonly extensions?: Readonly<Record<string, string | number | boolean>>
}

type Kind = 'text' | 'date' | 'span' | 'other'

/** Options of events, those of scheduled messages and of streams included. */
const kinds: Readonly<Record<string, Kind>> = {
  id: 'text',
  key: 'text',
  time: 'date',
  subject: 'text',
  expiresAt: 'date',
  ttlMs: 'span',
  correlationId: 'text',
  traceparent: 'text',
  tracestate: 'text',
  extensions: 'other',
  at: 'date',
  afterMs: 'span',
  expectedRevision: 'other',
}

/** The latest time that a Date can tell, in milliseconds. */
const latestMs = 8.64e15

const isWrong: Readonly<Record<Kind, (value: unknown) => string | undefined>> = {
  text: (value) => (typeof value === 'string' && value !== '' ? undefined : 'not a text of one or more characters'),
  date: (value) => (value instanceof Date && !Number.isNaN(value.getTime()) ? undefined : 'not a valid Date'),
  span: (value) =>
    typeof value === 'number' && value >= 0 && value <= latestMs ? undefined : 'not a number of milliseconds from 0 on',
  other: () => undefined,
}

/** @throws CONFIG_INVALID for an option that is unknown or wrong; one that is undefined counts as left out */
export function assertEventOptions(contract: string, options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    const kind = kinds[name]
    const reason = kind === undefined ? 'there is no such option' : isWrong[kind](value)
    if (reason !== undefined) throw new MillraceError('CONFIG_INVALID', { option: `${contract}: ${name}`, reason })
  }
}
