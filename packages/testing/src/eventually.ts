import { AssertionError } from 'node:assert'
import { inspect } from 'node:util'

export interface EventuallyOptions {
  /** How long to wait at most, in milliseconds of real time. Default 5,000. */
  readonly timeoutMs?: number
  /** What is waited for, to be named in the failure. Default: the source text of the condition. */
  readonly what?: string
}

/**
 * Waits until `condition` gives something truthy, and returns that. It asks again on every turn of the event loop, so
 * nothing is slept over. A condition that throws counts as not met yet: assertions may stand in it.
 * @throws AssertionError after `timeoutMs`, with the last answer of the condition, or the last error as its cause
 */
export async function eventually<T>(condition: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { timeoutMs = 5_000, what = String(condition) } = options
  const end = performance.now() + timeoutMs
  let last: { value: T } | { error: unknown }
  do {
    try {
      const value = await condition()
      if (value) return value
      last = { value }
    } catch (error) {
      last = { error }
    }
    await new Promise<void>((resolve) => setImmediate(resolve))
  } while (performance.now() < end)
  const told =
    'error' in last ? `the last try threw: ${messageOf(last.error)}` : `the last answer was ${inspect(last.value)}`
  const failure = new AssertionError({
    message: `Not so within ${timeoutMs} ms: ${what}\n${told}`,
    stackStartFn: eventually,
  })
  if ('error' in last) failure.cause = last.error
  throw failure
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : inspect(error))
