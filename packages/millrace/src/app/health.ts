import type { MillraceError } from '../base/index.ts'
import type { Subscription } from '../delivery/index.ts'
import type { Health } from './application.ts'

/**
 * Whether an application does its work: `degraded` while a service does not run or is paused, `down` when its store has
 * stopped or all services have failed.
 */
export function healthOf(
  phase: string,
  storeError: MillraceError | undefined,
  subscriptions: Iterable<Subscription>,
): Health {
  const services = [...subscriptions].map(({ name, phase, error }) => ({
    name,
    phase,
    error: error instanceof Error ? error.message : error === undefined ? null : String(error),
  }))
  if (phase === 'starting' || phase === 'not started') return { status: 'starting', services }
  if (phase !== 'running' || storeError !== undefined) return { status: 'down', services }
  const working = services.filter((service) => service.phase === 'running' || service.phase === 'standby')
  if (working.length === services.length) return { status: 'up', services }
  return { status: services.every((service) => service.phase === 'failed') ? 'down' : 'degraded', services }
}
