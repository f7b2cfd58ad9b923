/** A delivery that is to be tried while the subscription is paused, to learn whether it can go on (a circuit breaker). */
export interface Probe {
  readonly position: number
  readonly afterMs: number
}

const probed = /^by an error, position (\d+) is tried again every (\d+) ms: /

/** Why a subscription is paused, for people to read; and for the process that owns it next, which carries on probing. */
export function pauseReason(error: unknown, probe: Probe | undefined): string {
  const message = error instanceof Error ? error.message : String(error)
  if (probe === undefined) return `by an error: ${message}`
  return `by an error, position ${probe.position} is tried again every ${probe.afterMs} ms: ${message}`
}

/** The probe that a reason speaks of; undefined when only an operator lets the subscription go on. */
export function probeOf(reason: string | null): Probe | undefined {
  const found = reason === null ? null : probed.exec(reason)
  return found === null ? undefined : { position: Number(found[1]), afterMs: Number(found[2]) }
}
