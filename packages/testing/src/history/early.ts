import { factsOf } from './facts.ts'
import type { Finding } from './finding.ts'
import type { History } from './history.ts'

/** Messages that are in the log before their time. */
export function checkEarly(history: History): Finding[] {
  const { publications } = factsOf(history)
  const findings: Finding[] = []
  for (const { message, position, appendedMs } of history.log) {
    const notBeforeMs = publications.get(message)?.message.notBeforeMs
    if (notBeforeMs === undefined || appendedMs === undefined || appendedMs >= notBeforeMs) continue
    findings.push({
      kind: 'early',
      message: `'${message}' is in the log ${notBeforeMs - appendedMs} ms before its time`,
      evidence: { message, position, appendedMs, notBeforeMs },
    })
  }
  return findings
}
