import type { HistoryMessage } from '@millrace/testing/history'
import { type Application, isMillraceError } from 'millrace'
import type { Store } from 'millrace/engine'
import type { Random } from '../random.ts'
import { nowMs, report } from './channel.ts'
import type { Plan, Task } from './contracts.ts'
import type { KindName } from './kind-names.ts'
import type { WorkloadOptions } from './options.ts'

/** What the kinds of work have in common: the running application, and the ids of what they publish. */
export interface Work {
  readonly app: Application
  /** The store beneath the application, for what applications have no method for. */
  readonly store: Store
  readonly options: WorkloadOptions
  readonly random: Random
  /** A new id of an operation, unique in the trial. */
  newId(kind: string): string
}

/** One kind of work, such as publishing in batches. */
export interface Kind {
  /** How often it is done, compared with the others. */
  readonly weight: number
  run(work: Work, id: string): Promise<void>
  /** Asks for an operation again whose outcome is not known, with the same ids. */
  repeat?(work: Work, id: string, what: unknown): Promise<void>
}

/** What is asked for, as the history is to have it. */
export interface Asked {
  readonly kind: KindName
  readonly messages?: readonly HistoryMessage[]
  readonly cancels?: readonly string[]
  readonly stream?: { readonly name: string; readonly revision: number }
  /** Given where it can be repeated. */
  readonly repeat?: unknown
}

/** What the answer tells the history. */
export interface Told {
  readonly positions?: readonly (number | undefined)[]
  readonly told?: readonly { readonly subscription: string; readonly message: string; readonly value: string }[]
  /** It was done, and it turned out to be of no effect (too late to cancel). */
  readonly inVain?: boolean
}

/** Errors that say for certain that nothing was done. All others leave it open. */
const certain: ReadonlySet<string> = new Set([
  'STORE_BUSY',
  'STORE_OVERLOADED',
  'REVISION_CONFLICT',
  'VERSION_CONFLICT',
  'SQL_FAILED',
  'DATA_INVALID',
  'EVENT_INVALID',
  'PAYLOAD_TOO_LARGE',
  'COMMAND_UNHANDLED',
  'SUBSCRIPTION_UNKNOWN',
  'DELIVERY_UNKNOWN',
])

/**
 * Does one operation and reports it: before it is asked for, and what became of it. Resolves with the answer; undefined when it
 * failed or when nobody knows.
 * @throws STORE_STOPPED, after the report: the process can do nothing more
 */
export async function perform<T>(
  id: string,
  asked: Asked,
  call: () => Promise<T>,
  tell: (answer: T) => Told = () => ({}),
): Promise<T | undefined> {
  const { messages = [], ...rest } = asked
  report({ type: 'invoke', operation: id, atMs: nowMs(), messages, ...rest })
  let answer: T
  try {
    answer = await call()
  } catch (error) {
    const code = isMillraceError(error) ? error.code : error instanceof Error ? error.name : String(error)
    const outcome = certain.has(code) ? 'failed' : 'indeterminate'
    report({ type: 'outcome', operation: id, atMs: nowMs(), outcome, code })
    if (code === 'STORE_STOPPED' || !isMillraceError(error)) throw error
    return undefined
  }
  const { inVain = false, ...told } = tell(answer)
  report({ type: 'outcome', operation: id, atMs: nowMs(), outcome: inVain ? 'failed' : 'ok', ...told })
  return answer
}

/** A message as the history has it, and the data that carries it. */
export function task(id: string, key: string | null = null, plan: Plan = {}): Task {
  return { id, key, plan }
}

export function messageOf({ id, key }: Task, topic: string, notBeforeMs?: number): HistoryMessage {
  return notBeforeMs === undefined ? { id, topic, key } : { id, topic, key, notBeforeMs }
}
