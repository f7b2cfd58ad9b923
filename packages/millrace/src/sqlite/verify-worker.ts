import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { type ErrorCode, type FieldsOf, isMillraceError } from '../base/index.ts'
import { checks, findingsOf } from './checks.ts'
import { storeError } from './failure.ts'
import { openToRead } from './open-to-read.ts'
import type { VerifyProgress, VerifyReport } from './verify.ts'

// The thread on which `verifyStore` runs.

/** What this thread is told to do. */
export interface VerifyTask {
  readonly file: string
  /** As the caller called it, for errors. */
  readonly store: string
  /** `copy`: only the pages and the schema, of a file that nobody else uses. */
  readonly of: 'store' | 'copy'
}

/** What this thread answers; the last message is a report or an error. */
export type VerifyMessage =
  | { readonly kind: 'progress'; readonly progress: VerifyProgress }
  | { readonly kind: 'report'; readonly report: VerifyReport }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly fields: FieldsOf<ErrorCode> }

const task = workerData as VerifyTask
const tell = (message: VerifyMessage): void => parentPort?.postMessage(message)

function verify(database: DatabaseSync): VerifyReport {
  const chosen = task.of === 'copy' ? checks.filter(({ name }) => name === 'pages' || name === 'schema') : checks
  const findings = chosen.flatMap((check, index) => {
    const progress = (part: number): void =>
      tell({ kind: 'progress', progress: { check: check.name, fraction: (index + part) / chosen.length } })
    progress(0)
    return findingsOf(check, database, progress)
  })
  return { ok: findings.every(({ ok }) => ok), findings }
}

try {
  const database = await openToRead(task.file, task.store, task.of === 'copy')
  try {
    tell({ kind: 'report', report: verify(database) })
  } finally {
    database.close()
  }
} catch (caught) {
  const error = storeError(task.store, caught)
  if (!isMillraceError(error)) throw error
  tell({ kind: 'error', code: error.code, fields: error.fields })
}
