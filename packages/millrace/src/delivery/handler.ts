import type { Logger } from '../base/index.ts'
import type { CommandContract, Event, EventContract, EventOptions, InputOf } from '../event/index.ts'
import type { ExpectedRevision, SqlValue } from '../store/index.ts'
import type { Collection, Document } from './collection.ts'
import type { OnError } from './failure/action.ts'
import type { RetryPolicy } from './failure/retry.ts'

/** Handles one event. What it does through the context commits together with the acknowledgement, or not at all. */
export type Handler<Data = unknown, Result = void> = (
  event: Event<Data>,
  context: HandlerContext,
) => Result | Promise<Result>

/** Wraps the handlers of a service. It returns what `next` returns, or throws to fail the attempt. */
export type Middleware = (event: Event, context: HandlerContext, next: () => unknown) => unknown

/** Options of an event that is published. */
export interface PublishOptions extends EventOptions {
  /**
   * Publishes the event at this time, not now. The event's id is then also the id of its timer: the same id again, before
   * it is due, puts the new one in its place.
   */
  readonly at?: Date
  /** The same as a delay, in milliseconds. */
  readonly afterMs?: number
}

/** Options of an event that is appended to a stream. */
export interface AppendOptions extends EventOptions {
  /** The revision of the stream's last event, or `none` for a new stream. Default `any`. */
  readonly expectedRevision?: ExpectedRevision
}

/** Rows of the caller's own tables. */
export type Rows = readonly Readonly<Record<string, SqlValue>>[]

/** What a handler may do. Its members can be taken apart: `(event, { publish, documents }) => …`. */
export interface HandlerContext {
  readonly subscription: string
  readonly topic: string
  readonly position: number
  /** 1 at the first attempt. */
  readonly attempt: number
  /** Aborted when the handler's time is over, when the application stops, or when another process took over. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** Publishes an event when the handler's unit commits. @throws DATA_INVALID, PAYLOAD_TOO_LARGE, EFFECTS_SEALED */
  readonly publish: <C extends EventContract>(contract: C, data: InputOf<C>, options?: PublishOptions) => void
  /** Sends a command to its one handler when the unit commits. */
  readonly send: <C extends CommandContract>(contract: C, data: InputOf<C>, options?: PublishOptions) => void
  /** Appends an event to a stream, and to the log, when the unit commits. */
  readonly append: <C extends EventContract>(
    stream: string,
    contract: C,
    data: InputOf<C>,
    options?: AppendOptions,
  ) => void
  readonly documents: HandlerDocuments
  /** Commits a statement of the caller's own in the unit, with `?` for parameters. Needs a store that speaks SQL. */
  readonly sql: (text: string, ...parameters: readonly SqlValue[]) => void
  /** Reads rows of the caller's own tables as they were last committed: without what this unit will change. */
  readonly query: (text: string, ...parameters: readonly SqlValue[]) => Promise<Rows>
}

/** Documents as one handler sees them: with its own writes, and a version check on whatever it read before it wrote. */
export interface HandlerDocuments {
  get<T>(collection: Collection<T>, key: string): Promise<T | undefined>
  read<T>(collection: Collection<T>, key: string): Promise<Document<T> | undefined>
  /** @param options.ttlMs after this time the store deletes the document */
  put<T>(collection: Collection<T>, key: string, value: T, options?: { readonly ttlMs?: number }): void
  delete<T>(collection: Collection<T>, key: string): void
}

/** Options of one handler. */
export interface HandlerOptions<Data = unknown> {
  /** Default: 5 attempts with exponential delays from 200 ms. */
  readonly retry?: RetryPolicy
  /** Default: `retry`; `dead-letter` for errors that a retry cannot mend. */
  readonly onError?: OnError
  /** After this many milliseconds the attempt has failed (HANDLER_TIMEOUT) and its signal aborts. Default 60,000. */
  readonly timeoutMs?: number
  /** Only events for which it returns true are handled; the others are counted as filtered. */
  readonly filter?: (event: Event<Data>) => boolean
  /** What happens to an expired event. Default `drop`: it is counted. */
  readonly expired?: 'drop' | 'dead-letter'
}

const functions = ['retry', 'onError', 'filter'] as const
const names = new Set<string>([...functions, 'timeoutMs', 'expired'] satisfies (keyof HandlerOptions)[])

/** What is wrong with the options of a handler; undefined when nothing is. */
export function problemOf(options: HandlerOptions): string | undefined {
  const unknown = Object.keys(options).find((option) => !names.has(option))
  if (unknown !== undefined) return `there is no option '${unknown}'; there are ${[...names].join(', ')}`
  const noFunction = functions.find((option) => options[option] !== undefined && typeof options[option] !== 'function')
  if (noFunction !== undefined) return `'${noFunction}' is not a function`
  if (options.timeoutMs !== undefined && !(options.timeoutMs > 0)) return "'timeoutMs' is not a positive number"
  if (!['drop', 'dead-letter', undefined].includes(options.expired)) return "'expired' is neither drop nor dead-letter"
  return undefined
}
