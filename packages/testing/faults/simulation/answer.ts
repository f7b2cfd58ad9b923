import type { Finding } from '@millrace/testing/history'

/** What a worker tells of a seed. */
export interface Answer {
  readonly findings: readonly Finding[]
  readonly counts: Readonly<Record<string, number>>
  /** What happened, a line each; only where something was found. */
  readonly trace: readonly string[]
  /** Why it could not be run to its end. */
  readonly error: string | null
}
