import type { ErrorCode, FieldsOf } from '../../base/index.ts'
import type { Finding } from './check.ts'

export interface VerifyProgress {
  /** What is being checked. */
  readonly check: string
  /** How much of all is done, from 0 to 1. */
  readonly fraction: number
}

export interface VerifyReport {
  /** True when every check held. */
  readonly ok: boolean
  /** One for each check that held, one for each problem of the others (the first ten of each). */
  readonly findings: readonly Finding[]
}

/** What the thread of a verification is told to do. */
export interface VerifyTask {
  readonly file: string
  /** As the caller called it, for errors. */
  readonly store: string
  /** `copy`: only the pages and the schema, of a file that nobody else uses. */
  readonly of: 'store' | 'copy'
}

/** What it answers; the last message is a report or an error. */
export type VerifyMessage =
  | { readonly kind: 'progress'; readonly progress: VerifyProgress }
  | { readonly kind: 'report'; readonly report: VerifyReport }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly fields: FieldsOf<ErrorCode> }
