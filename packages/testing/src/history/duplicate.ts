import { factsOf } from './facts.ts'
import type { Finding } from './finding.ts'
import type { Effect, History } from './history.ts'

/** Messages that are in the log more than once. */
export function checkDuplicates(history: History): Finding[] {
  const findings: Finding[] = []
  for (const [message, records] of factsOf(history).logged) {
    if (records.length === 1) continue
    const positions = records.map(({ position }) => position)
    findings.push({
      kind: 'duplicate',
      message: `'${message}' is in the log ${records.length} times`,
      evidence: { message, positions },
    })
  }
  return findings
}

/** Messages that a subscription has more than one effect of. */
export function checkDuplicateEffects(history: History): Finding[] {
  const groups = Map.groupBy(history.effects, ({ subscription, message }: Effect) =>
    JSON.stringify([subscription, message]),
  )
  const findings: Finding[] = []
  for (const effects of groups.values()) {
    if (effects.length === 1) continue
    const { subscription, message } = effects[0]!
    const positions = effects.map(({ position }) => position)
    findings.push({
      kind: 'duplicate-effect',
      message: `'${subscription}' has ${effects.length} effects of '${message}'`,
      evidence: { subscription, message, positions },
    })
  }
  return findings
}
