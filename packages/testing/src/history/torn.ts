import { type Facts, factsOf, mayBeAbsent } from './facts.ts'
import type { Finding } from './finding.ts'
import type { History } from './history.ts'

/**
 * Parts of what is one commit: an operation of which some messages are in the log and others are not, and an effect without
 * what its handler published.
 */
export function checkTorn(history: History): Finding[] {
  const facts = factsOf(history)
  return [...operations(facts), ...units(facts)]
}

function operations(facts: Facts): Finding[] {
  const { history, logged, publications } = facts
  const findings: Finding[] = []
  for (const { id, outcome, messages } of history.operations) {
    // Of one that was acknowledged each message that is missing is lost; of one that was refused each is unexpected.
    if (outcome !== 'indeterminate') continue
    const certain = messages.filter((message) => !mayBeAbsent(publications.get(message.id)!, facts))
    const missing = certain.filter((message) => !logged.has(message.id)).map((message) => message.id)
    if (missing.length === 0) continue
    const there = messages.filter((message) => logged.has(message.id)).map((message) => message.id)
    if (there.length === 0) continue
    findings.push({
      kind: 'torn',
      message: `of '${id}' ${there.length} messages are in the log and ${missing.length} are not`,
      evidence: { operation: id, there, missing },
    })
  }
  return findings
}

function units(facts: Facts): Finding[] {
  const { history, logged, publications } = facts
  const findings: Finding[] = []
  for (const { subscription, message, publishes = [] } of history.effects) {
    const missing = publishes
      .filter(({ id }) => !logged.has(id) && !mayBeAbsent(publications.get(id)!, facts))
      .map(({ id }) => id)
    if (missing.length === 0) continue
    findings.push({
      kind: 'torn',
      message: `'${subscription}' has the effect of '${message}' without what it published: '${missing.join("', '")}'`,
      evidence: { subscription, message, missing },
    })
  }
  return findings
}
