import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { isMillraceError } from '../../base/index.ts'
import { storeError } from '../failure.ts'
import { openToRead } from '../open/open-to-read.ts'
import { checks, findingsOf } from './checks.ts'
import type { VerifyMessage, VerifyReport, VerifyTask } from './verify-report.ts'

// The thread on which `verifyStore` runs.

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
