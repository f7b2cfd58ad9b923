import type { Finding } from './finding.ts'
import type { History } from './history.ts'

/** Reads that did not show what had been waited for. What became a dead letter is not waited for. */
export function checkStaleReads(history: History): Finding[] {
  const detoured = new Set((history.detours ?? []).map(({ message }) => message))
  const findings: Finding[] = []
  for (const { process, what, expected, seen } of history.waits ?? []) {
    const shown = new Set(seen)
    const missing = expected.filter((message) => !shown.has(message) && !detoured.has(message))
    if (missing.length === 0) continue
    findings.push({
      kind: 'stale',
      message: `the process '${process}' waited for ${what}, read, and did not see '${missing.join("', '")}'`,
      evidence: { process, what, missing, seen },
    })
  }
  return findings
}
