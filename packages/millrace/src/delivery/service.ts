import { MillraceError } from '../base/index.ts'
import {
  assertPattern,
  type CommandContract,
  type Contract,
  type ContractKind,
  type DataOf,
  type EventContract,
  type QueryContract,
  type ReplyInputOf,
} from '../event/index.ts'
import type { StartPosition } from '../store/index.ts'
import { type Handler, type HandlerOptions, type Middleware, problemOf } from './handler.ts'

/** How a service's deliveries are spread. */
export type Dispatch = 'serial' | 'keyed' | 'concurrent'

export interface ServiceOptions {
  /** Where a service starts that the store has never seen. Default `beginning`. */
  readonly from?: StartPosition
  /**
   * `serial`: one after the other, in log order. `keyed` (default): in order for each key, keys beside each other.
   * `concurrent`: no order.
   */
  readonly dispatch?: Dispatch
  /** How many handlers run at once (keyed and concurrent). Default 64. */
  readonly concurrency?: number
  /** How many deliveries may be unsettled at once. Default 2,048. */
  readonly window?: number
  /** Publishers to its topics wait while more events than this are unhandled. Default: they never wait. */
  readonly maxLag?: number
  /** What happens when another process holds the subscription: fail the start, or stand by. Default `refuse`. */
  readonly whenHeld?: 'refuse' | 'wait'
  /** A process that does not renew its lease within this time loses the subscription. Default 10,000. */
  readonly leaseMs?: number
  /** An event whose handling the process did not survive this many times is dead-lettered. Default 3. */
  readonly poisonAfterDeaths?: number
}

/** One handler of a service, as the runtime sees it. */
export interface Route {
  readonly contract: Contract | undefined
  readonly pattern: string
  readonly handler: Handler<unknown, unknown>
  readonly options: HandlerOptions
}

/** A named consumer: one durable subscription with a handler for each kind of message. Each method gives a new service. */
export interface Service {
  readonly name: string
  readonly options: ServiceOptions
  readonly routes: readonly Route[]
  readonly middleware: readonly Middleware[]
  /** Handles the events of a contract, or of all topics that a pattern matches. A contract goes before a pattern. */
  on<C extends EventContract>(contract: C, handler: Handler<DataOf<C>>, options?: HandlerOptions<DataOf<C>>): Service
  on(pattern: string, handler: Handler, options?: HandlerOptions): Service
  /** Handles a command, as the only one; what it returns is the reply to a request. It may `refuse`. */
  handle<C extends CommandContract>(
    contract: C,
    handler: Handler<DataOf<C>, ReplyInputOf<C>>,
    options?: HandlerOptions<DataOf<C>>,
  ): Service
  /** Answers a query, as the only one. */
  answer<C extends QueryContract>(
    contract: C,
    handler: Handler<DataOf<C>, ReplyInputOf<C>>,
    options?: HandlerOptions<DataOf<C>>,
  ): Service
  /** Wraps all handlers of the service; the first one used is the outermost. */
  use(middleware: Middleware): Service
}

const optionNames = new Set<string>([
  'from',
  'dispatch',
  'concurrency',
  'window',
  'maxLag',
  'whenHeld',
  'leaseMs',
  'poisonAfterDeaths',
] satisfies (keyof ServiceOptions)[])
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/

/**
 * A service of this name. The name is also that of its subscription: keep it, or the service starts anew.
 * @throws CONFIG_INVALID when an option is unknown or wrong
 */
export function service(name: string, options: ServiceOptions = {}): Service {
  const refuse = (option: string, reason: string): never => {
    throw new MillraceError('CONFIG_INVALID', { option: `service '${name}': ${option}`, reason })
  }
  if (!namePattern.test(name)) refuse('name', "use up to 100 letters, digits, '_', '.' and '-'")
  for (const option of Object.keys(options)) if (!optionNames.has(option)) refuse(option, 'there is no such option')
  for (const option of ['concurrency', 'window', 'maxLag', 'leaseMs', 'poisonAfterDeaths'] as const) {
    const value = options[option]
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      refuse(option, 'not a positive whole number')
  }
  if (!['serial', 'keyed', 'concurrent', undefined].includes(options.dispatch))
    refuse('dispatch', 'serial, keyed or concurrent')
  if (!['refuse', 'wait', undefined].includes(options.whenHeld)) refuse('whenHeld', 'refuse or wait')
  if (options.from !== undefined && !isStartPosition(options.from))
    refuse('from', "'beginning', 'now', { position } or { time }")
  return make({ name, options, routes: [], middleware: [] })
}

function isStartPosition(from: StartPosition): boolean {
  if (typeof from === 'string') return from === 'beginning' || from === 'now'
  if ('position' in from) return Number.isSafeInteger(from.position) && from.position >= 0
  return from.time instanceof Date && !Number.isNaN(from.time.getTime())
}

type Parts = Pick<Service, 'name' | 'options' | 'routes' | 'middleware'>

function make(parts: Parts): Service {
  const routing =
    (kind: ContractKind) =>
    (target: Contract | string, handler: unknown, options: HandlerOptions = {}): Service => {
      const route = routeOf(parts, kind, target, handler, options)
      return make({ ...parts, routes: [...parts.routes, route] })
    }
  return Object.freeze({
    ...parts,
    on: routing('event'),
    handle: routing('command'),
    answer: routing('query'),
    use: (middleware: Middleware) => make({ ...parts, middleware: [...parts.middleware, middleware] }),
  }) as Service
}

const methods: Readonly<Record<ContractKind, string>> = { event: 'on', command: 'handle', query: 'answer' }

function routeOf(
  parts: Parts,
  kind: ContractKind,
  target: Contract | string,
  handler: unknown,
  options: HandlerOptions,
): Route {
  const what = typeof target === 'string' ? target : target.name
  const refuse = (reason: string): never => {
    throw new MillraceError('CONFIG_INVALID', { option: `service '${parts.name}': ${what}`, reason })
  }
  const contract = typeof target === 'string' ? undefined : target
  if (contract === undefined ? kind !== 'event' : contract.kind !== kind) {
    const is = contract === undefined ? 'a pattern' : `${contract.kind === 'event' ? 'an' : 'a'} ${contract.kind}`
    refuse(`it is ${is}; take '.${methods[contract?.kind ?? 'event']}(…)'`)
  }
  if (typeof handler !== 'function') refuse('the handler is not a function')
  const problem = problemOf(options)
  if (problem !== undefined) refuse(problem)
  const pattern = typeof target === 'string' ? target : target.topic
  assertPattern(pattern)
  const twin = parts.routes.find((route) =>
    contract === undefined
      ? route.contract === undefined && route.pattern === pattern
      : route.contract?.name === contract.name,
  )
  if (twin !== undefined)
    throw new MillraceError('HANDLER_DUPLICATE', { message: what, service: parts.name, other: parts.name })
  return { contract, pattern, handler: handler as Handler<unknown, unknown>, options }
}
