import { MillraceError } from '../base/index.ts'
import { assertPattern, compilePatterns, isPattern } from '../event/index.ts'
import type { TransportCapabilities } from '../transport/index.ts'

/** Events of these topics go out to a transport, in the order of the log. */
export interface OutboxRoute {
  /** Topics or patterns. */
  readonly topics: string | readonly string[]
  /** The name of the transport. */
  readonly to: string
  /** Where a route starts that the store has never seen: with the events that are in the log, or after them. Default `now`. */
  readonly start?: 'beginning' | 'now'
  /** `none` allows a transport that does not keep the order of a key. Default `key`. */
  readonly order?: 'key' | 'none'
  /** Publishers to its topics wait while more events than this are not relayed. Default: they never wait. */
  readonly maxLag?: number
  /** A process that does not renew its lease within this time loses the route to another one. Default 10,000. */
  readonly leaseMs?: number
}

/** Events of these topics come in from a transport, each once. */
export interface InboxRoute {
  /** Topics or patterns. */
  readonly topics: string | readonly string[]
  /** The name of the transport. */
  readonly from: string
  /** The consumer group. Stores of one group share the events; stores of different groups get all of them. */
  readonly group: string
  /** Where a group starts that the transport has never seen. Default `now`. */
  readonly start?: 'beginning' | 'now'
  /** `none` allows a transport that does not keep the order of a key. Default `key`. */
  readonly order?: 'key' | 'none'
  /** A process that does not renew its lease within this time loses the route to another one. Default 10,000. */
  readonly leaseMs?: number
}

/** Which topics go through which transport, and in which direction. */
export type Route = OutboxRoute | InboxRoute

export const isOutbox = (route: Route): route is OutboxRoute => 'to' in route

export const transportNameOf = (route: Route): string => (isOutbox(route) ? route.to : route.from)

export const topicsOf = ({ topics }: Route): readonly string[] => (typeof topics === 'string' ? [topics] : topics)

/** Tells of a topic whether its messages go out to a transport. */
export const leavingTopics = (routes: readonly Route[]): ((topic: string) => boolean) =>
  compilePatterns(routes.filter(isOutbox).flatMap(topicsOf))

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/
const outboxOptions = new Set<string>([
  'topics',
  'to',
  'start',
  'order',
  'maxLag',
  'leaseMs',
] satisfies (keyof OutboxRoute)[])
const inboxOptions = new Set<string>([
  'topics',
  'from',
  'group',
  'start',
  'order',
  'leaseMs',
] satisfies (keyof InboxRoute)[])

/** @throws CONFIG_INVALID, TOPIC_INVALID */
export function assertRoutes(routes: readonly Route[], transports: Readonly<Record<string, unknown>>): void {
  const inboxes = new Set<string>()
  for (const name of Object.keys(transports)) {
    if (!namePattern.test(name)) refuse('transports', `'${name}' is no name: use up to 50 letters, digits, '_' and '-'`)
  }
  for (const [index, route] of routes.entries()) {
    const option = `routes[${index}]`
    assertOptions(option, route)
    const transport = transportNameOf(route)
    if (!Object.hasOwn(transports, transport)) refuse(option, `there is no transport '${transport}' in 'transports'`)
    if (isOutbox(route)) continue
    if (typeof route.group !== 'string' || !namePattern.test(route.group))
      refuse(`${option}.group`, "use up to 50 letters, digits, '_' and '-'")
    const inbox = `${transport}.${route.group}`
    if (inboxes.has(inbox)) refuse(option, `an earlier one has the same transport and group: name all topics there`)
    inboxes.add(inbox)
  }
}

function assertOptions(option: string, route: Route): void {
  if (typeof route !== 'object' || route === null) refuse(option, 'not an object')
  const known = isOutbox(route) ? outboxOptions : inboxOptions
  for (const [name, value] of Object.entries(route)) {
    if (!known.has(name)) refuse(option, `there is no option '${name}'; there are ${[...known].join(', ')}`)
    if (name === 'order' && value !== 'key' && value !== 'none') refuse(`${option}.order`, 'key or none')
    if ((name === 'leaseMs' || name === 'maxLag') && !(Number.isSafeInteger(value) && Number(value) > 0))
      refuse(`${option}.${name}`, 'not a positive whole number')
    if (name === 'start' && value !== 'beginning' && value !== 'now') refuse(`${option}.start`, 'beginning or now')
  }
  const topics = topicsOf(route)
  if (!Array.isArray(topics) || topics.length === 0) refuse(`${option}.topics`, 'name a topic or a pattern')
  for (const topic of topics) assertPattern(topic)
  if (topics.some((topic) => topic.startsWith('_millrace')))
    refuse(`${option}.topics`, "topics below '_millrace' stay in their store")
}

/**
 * Compares what a route needs with what its transport can do.
 * @throws CAPABILITY_MISSING
 */
export function assertCapabilities(route: Route, capabilities: TransportCapabilities, maxEventBytes: number): void {
  const { engine } = capabilities
  const topics = topicsOf(route)
  const needed = `the route of ${topics.join(', ')}`
  const need = (capability: string, has: boolean): void => {
    if (!has) throw new MillraceError('CAPABILITY_MISSING', { engine, capability, needed })
  }
  need('orderByKey', capabilities.orderByKey || route.order === 'none')
  if (isOutbox(route)) {
    need(`maxEventBytes: ${maxEventBytes}`, maxEventBytes <= capabilities.maxEventBytes)
    return
  }
  need('wildcards', capabilities.wildcards || !topics.some(isPattern))
  need('replay', capabilities.replay || route.start !== 'beginning')
}

function refuse(option: string, reason: string): never {
  throw new MillraceError('CONFIG_INVALID', { option, reason })
}
