import type { Admin } from '../admin/index.ts'
import type { Clock, Logger, NewId } from '../base/index.ts'
import type {
  Collection,
  Document,
  Middleware,
  PublishOptions,
  Rows,
  Service,
  SubscriptionPhase,
} from '../delivery/index.ts'
import type { CommandContract, Contract, EventContract, InputOf, QueryContract, ReplyOf } from '../event/index.ts'
import type { Message, Published, RequestOptions, Scheduled, Streamed, StreamOptions } from '../messaging/index.ts'
import type { ExpectedRevision, SqlStatement, SqlValue, StoreState } from '../store/index.ts'
import type { Route } from '../topology/index.ts'
import type { StoreEngine, TransportEngine } from '../transport/index.ts'

/** What an application is made of. */
export interface ApplicationConfig {
  /** Where everything is kept: `sqlite('shop.db')`, or `sqlite(':memory:')` for tests. */
  readonly store: StoreEngine
  readonly services?: readonly Service[]
  /** Contracts that the application publishes and no service of it handles. */
  readonly contracts?: readonly Contract[]
  /** Brokers, by the names that routes call them by. */
  readonly transports?: Readonly<Record<string, TransportEngine>>
  /**
   * Which topics go out to a transport, and which come in from one. What goes out is in the log first, committed with what
   * else its unit changes; what comes in is put into the log, each message once, before it is acknowledged. So services
   * handle events the same way wherever they come from.
   */
  readonly routes?: readonly Route[]
  /** The CloudEvents `source` of what it publishes. Default `/millrace`. */
  readonly source?: string
  /** Wraps the handlers of all services, outside of the services' own middleware. */
  readonly middleware?: readonly Middleware[]
  /** How long events stay in the log, by topic or pattern. Default: forever. The first pattern that matches counts. */
  readonly retention?: Readonly<Record<string, Retention>>
  /** The largest data of one event, in bytes of JSON. Default 1 MiB. */
  readonly maxEventBytes?: number
  /** How long `stop` waits for handlers under way, in milliseconds. Default 10,000. */
  readonly drainMs?: number
  /** A handler that blocks the event loop for longer is reported, in milliseconds. Default 2,000; 0 turns it off. */
  readonly blockedAfterMs?: number
  /** A process whose event loop is blocked for longer kills itself, so that its work moves on. Default 0: never. */
  readonly blockedExitMs?: number
  /** Default: warnings and errors to standard error. */
  readonly logger?: Logger
  readonly clock?: Clock
  readonly newId?: NewId
  /** Uniform in [0, 1); for jitter. */
  readonly random?: () => number
}

/** How long events of a topic stay in the log. Events that a subscription has not handled stay in any case. */
export interface Retention {
  readonly maxAgeMs?: number
  readonly maxCount?: number
  readonly maxBytes?: number
  /** Keep at least the newest event of each key, and drop older ones of that key. */
  readonly compact?: boolean
}

/** How whoever hosts an application starts it. */
export interface StartOptions {
  /** False: only opens the store, to publish and to read; no service runs and nothing scheduled fires. Default true. */
  readonly deliver?: boolean
  /** Used when the configuration names no logger. */
  readonly logger?: Logger
}

/** A running application. */
export interface Application {
  /** The contracts that it knows: of its services, and those configured. */
  readonly contracts: readonly Contract[]
  /** Opens the store, checks contracts and handlers, and begins to deliver. Resolves with the application itself. */
  start(options?: StartOptions): Promise<Application>
  /** Stops taking work, lets handlers finish up to `drainMs`, gives leases back and closes the store. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>

  /**
   * Publishes an event. Resolves when it is durable; `duplicate` tells that the chosen id was there already.
   * @throws DATA_INVALID, PAYLOAD_TOO_LARGE, EVENT_INVALID, STORE_STOPPED, STORE_BUSY, STORE_OVERLOADED, APP_NOT_RUNNING
   */
  publish<C extends EventContract>(contract: C, data: InputOf<C>, options?: PublishOptions): Promise<Published>
  /** Publishes many messages, made by `message(contract, data)`, in one unit: all or none. */
  publishAll(messages: readonly Message[]): Promise<readonly Published[]>
  /** Sends a command to its one handler. @throws COMMAND_UNHANDLED when nobody handles it */
  send<C extends CommandContract>(contract: C, data: InputOf<C>, options?: PublishOptions): Promise<Published>
  /**
   * Asks the one handler of a query or command and resolves with its reply.
   * @throws REQUEST_TIMEOUT, REQUEST_FAILED, COMMAND_REFUSED, COMMAND_UNHANDLED
   */
  request<C extends QueryContract | CommandContract>(
    contract: C,
    data: InputOf<C>,
    options?: RequestOptions,
  ): Promise<ReplyOf<C>>
  /** Appends events to a stream; they are in the log, too. @throws REVISION_CONFLICT */
  append(
    stream: string,
    messages: readonly Message[],
    options?: { readonly expectedRevision?: ExpectedRevision },
  ): Promise<readonly Published[]>
  /** The events of a stream, oldest first. */
  readStream(
    stream: string,
    options?: { readonly from?: number; readonly limit?: number },
  ): Promise<readonly StreamedFrom[]>
  /** Scheduled messages. */
  readonly schedule: {
    list(limit?: number): Promise<readonly Scheduled[]>
    /**
     * @param contract of the message, where its id was chosen: such an id is unique in its topic only
     * @returns false when it fired already or never was
     */
    cancel(id: string, contract?: Contract): Promise<boolean>
  }
  /** Events of topics that match, from history into live, without gap or double, until `signal` aborts or the loop ends. */
  events(topics: string | readonly string[], options?: StreamOptions): AsyncIterableIterator<Streamed>
  readonly documents: ApplicationDocuments
  /** Commits statements of the caller's own, all or none, with events if any. Needs a store that speaks SQL. */
  sql(statements: readonly SqlStatement[], messages?: readonly Message[]): Promise<readonly Published[]>
  query(text: string, ...parameters: readonly SqlValue[]): Promise<Rows>
  /** Adds a service while running. */
  subscribe(service: Service): Promise<void>
  /** Stops a service of this application; its subscription stays, and keeps its place. */
  unsubscribe(name: string): Promise<void>
  /**
   * Resolves when the given services (default: all) have settled everything published so far, kept deliveries aside.
   * @throws SUBSCRIPTION_UNKNOWN, APP_NOT_RUNNING when the application stops before, STORE_STOPPED
   */
  idle(services?: readonly string[]): Promise<void>
  /** What an operator does: dead letters, pause, rewind, replay, timers. The same that the command line uses. */
  readonly admin: Admin
  health(): Health
  /** What the store counts and keeps: topics, subscriptions with lag, counters. */
  inspect(): Promise<StoreState>
}

export interface StreamedFrom extends Streamed {
  readonly revision: number
}

export interface ApplicationDocuments {
  get<T>(collection: Collection<T>, key: string): Promise<T | undefined>
  read<T>(collection: Collection<T>, key: string): Promise<Document<T> | undefined>
  list<T>(
    collection: Collection<T>,
    options?: { readonly prefix?: string; readonly after?: string; readonly limit?: number },
  ): Promise<readonly Document<T>[]>
  /** @param options.expectedVersion 0: it must not exist. @throws VERSION_CONFLICT, DATA_INVALID */
  put<T>(
    collection: Collection<T>,
    key: string,
    value: T,
    options?: { readonly expectedVersion?: number },
  ): Promise<void>
  delete<T>(collection: Collection<T>, key: string, options?: { readonly expectedVersion?: number }): Promise<void>
}

export interface Health {
  readonly status: 'starting' | 'up' | 'degraded' | 'down'
  readonly services: readonly {
    readonly name: string
    readonly phase: SubscriptionPhase
    readonly error: string | null
  }[]
}
