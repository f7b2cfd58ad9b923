import type { Event, FindContract } from '../event/index.ts'
import { compilePattern } from '../event/index.ts'
import type { LogRecord, Unit } from '../store/index.ts'
import type { Handler, HandlerContext, HandlerOptions, Middleware } from './handler.ts'
import type { Dispatch, Route, Service, ServiceOptions } from './service.ts'

/** A service made ready to run: who handles which type, with the middleware around it. */
export interface Plan {
  readonly name: string
  readonly topics: readonly string[]
  readonly dispatch: Dispatch
  readonly options: Required<
    Pick<ServiceOptions, 'concurrency' | 'window' | 'leaseMs' | 'poisonAfterDeaths' | 'whenHeld' | 'from'>
  >
  readonly maxLag: number | undefined
  readonly find: FindContract
  /** The handler for an event of this type in this topic; undefined when the service has none. */
  readonly target: (type: string, topic: string) => Target | undefined
  /** What else commits when a delivery is given up: the error reply of a request. */
  readonly onGivenUp: (record: LogRecord, error: unknown) => Pick<Unit, 'append' | 'documents'>
}

export interface Target {
  readonly invoke: (event: Event, context: HandlerContext) => unknown
  readonly options: HandlerOptions
}

/** @param answer wraps the handlers of commands and queries, so that what they return is sent as the reply */
export function planOf(
  service: Service,
  find: FindContract,
  middleware: readonly Middleware[],
  answer: (route: Route) => Pick<Route, 'handler' | 'options'>,
  onGivenUp: Plan['onGivenUp'],
): Plan {
  const { options } = service
  const chain = [...middleware, ...service.middleware]
  const byType = new Map<string, Target>()
  const byPattern: { matches: (topic: string) => boolean; target: Target }[] = []
  for (const route of service.routes) {
    const { handler, options } = answer(route)
    const target = { invoke: wrap(chain, handler), options }
    if (route.contract !== undefined) byType.set(route.contract.name, target)
    else byPattern.push({ matches: compilePattern(route.pattern), target })
  }
  return {
    name: service.name,
    topics: [...new Set(service.routes.map((route) => route.pattern))],
    dispatch: options.dispatch ?? 'keyed',
    options: {
      concurrency: options.concurrency ?? 64,
      window: options.window ?? 2048,
      leaseMs: options.leaseMs ?? 10_000,
      poisonAfterDeaths: options.poisonAfterDeaths ?? 3,
      whenHeld: options.whenHeld ?? 'refuse',
      from: options.from ?? 'beginning',
    },
    maxLag: options.maxLag,
    find,
    target: (type, topic) => byType.get(type) ?? byPattern.find((entry) => entry.matches(topic))?.target,
    onGivenUp,
  }
}

/** The handler inside its middleware: the first one is the outermost. */
function wrap(chain: readonly Middleware[], handler: Handler<unknown, unknown>): Target['invoke'] {
  return chain.reduceRight<Target['invoke']>(
    (next, middleware) => (event, context) => middleware(event, context, () => next(event, context)),
    handler,
  )
}
