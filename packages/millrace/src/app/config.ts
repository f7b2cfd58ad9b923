import { type Clock, type Logger, MillraceError, type NewId, stderrLogger, systemClock, uuidv7 } from '../base/index.ts'
import type { Service } from '../delivery/index.ts'
import { assertPattern } from '../event/index.ts'
import { assertRoutes } from '../topology/index.ts'
import type { ApplicationConfig } from './application.ts'

/** The configuration with its defaults filled in. */
export interface Settings extends Required<Omit<ApplicationConfig, 'store'>> {
  readonly store: ApplicationConfig['store']
  readonly clock: Clock
  readonly newId: NewId
  readonly logger: Logger
}

const names = new Set<string>([
  'store',
  'services',
  'contracts',
  'transports',
  'routes',
  'source',
  'middleware',
  'retention',
  'maxEventBytes',
  'drainMs',
  'blockedAfterMs',
  'blockedExitMs',
  'logger',
  'clock',
  'newId',
  'random',
] satisfies (keyof ApplicationConfig)[])

const retentionNames = new Set(['maxAgeMs', 'maxCount', 'maxBytes', 'compact'])

/** @throws CONFIG_INVALID for an option that is unknown, missing or wrong, TOPIC_INVALID for a wrong pattern */
export function settingsOf(given: ApplicationConfig): Settings {
  // An option that is undefined is one that is left out.
  const config = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as unknown as ApplicationConfig
  const refuse = (option: string, reason: string): never => {
    throw new MillraceError('CONFIG_INVALID', { option, reason })
  }
  for (const option of Object.keys(config)) {
    if (!names.has(option)) refuse(option, `there is no such option; there are ${[...names].join(', ')}`)
  }
  if (typeof config.store?.open !== 'function') refuse('store', "pass an engine, such as sqlite('shop.db')")
  for (const option of ['services', 'contracts', 'routes', 'middleware'] as const) {
    if (config[option] !== undefined && !Array.isArray(config[option])) refuse(option, 'not an array')
  }
  for (const option of ['maxEventBytes', 'drainMs', 'blockedAfterMs', 'blockedExitMs'] as const) {
    const value = config[option]
    if (value !== undefined && !(Number.isFinite(value) && value >= 0)) refuse(option, 'not a number from 0 on')
  }
  for (const method of ['debug', 'info', 'warn', 'error'] as const) {
    if (config.logger !== undefined && typeof config.logger[method] !== 'function')
      refuse('logger', `it has no method '${method}'`)
  }
  for (const [pattern, retention] of Object.entries(config.retention ?? {})) {
    assertPattern(pattern)
    for (const [option, value] of Object.entries(retention)) {
      if (!retentionNames.has(option)) refuse(`retention['${pattern}']`, `there is no option '${option}'`)
      if (option !== 'compact' && !(Number(value) > 0))
        refuse(`retention['${pattern}'].${option}`, 'not a positive number')
    }
  }
  for (const [name, transport] of Object.entries(config.transports ?? {})) {
    if (typeof transport?.open !== 'function')
      refuse(`transports.${name}`, 'pass what the factory of an engine returns')
  }
  assertRoutes(config.routes ?? [], config.transports ?? {})
  for (const service of config.services ?? []) assertService(service)
  const twin = duplicateOf((config.services ?? []).map(({ name }) => name))
  if (twin !== undefined) refuse('services', `two services are called '${twin}'`)
  const clock = config.clock ?? systemClock
  return {
    services: [],
    contracts: [],
    transports: {},
    routes: [],
    source: '/millrace',
    middleware: [],
    retention: {},
    maxEventBytes: 1024 * 1024,
    drainMs: 10_000,
    blockedAfterMs: 2_000,
    blockedExitMs: 0,
    logger: stderrLogger,
    newId: uuidv7(clock),
    random: Math.random,
    ...config,
    clock,
  }
}

/** @throws CONFIG_INVALID when it is no service, or one that handles nothing */
export function assertService(service: Service): void {
  const refuse = (reason: string): never => {
    throw new MillraceError('CONFIG_INVALID', { option: 'services', reason })
  }
  if (!Array.isArray(service?.routes)) refuse("one of them was not made by 'service(name)'")
  if (service.routes.length === 0) refuse(`'${service.name}' has no handler; each method of a service gives a new one`)
}

const duplicateOf = (values: readonly string[]): string | undefined =>
  values.find((value, index) => values.indexOf(value) !== index)
