import { type Facts, factsOf } from './facts.ts'
import type { Finding } from './finding.ts'
import type { History } from './history.ts'

/**
 * What nobody published, what was refused or taken back, effects of messages that are not in the log, and answers that are not
 * those of the effect.
 */
export function checkUnexpected(history: History): Finding[] {
  const facts = factsOf(history)
  return [...records(facts), ...effects(facts), ...answers(facts)]
}

/** Why a message must not be there; undefined when it may. */
function whyNot({ publications }: Facts, message: string): string | undefined {
  const publication = publications.get(message)
  if (publication === undefined) return 'nobody published it'
  if (publication.status === 'failed') return 'publishing it was refused'
  return publication.cancelled === 'yes' ? 'it was cancelled in time' : undefined
}

function records(facts: Facts): Finding[] {
  const findings: Finding[] = []
  for (const { message, position, topic } of facts.history.log) {
    const reason = whyNot(facts, message)
    if (reason === undefined) continue
    findings.push({
      kind: 'unexpected',
      message: `'${message}' is in the log, and ${reason}`,
      evidence: { message, position, topic, reason },
    })
  }
  return findings
}

function effects(facts: Facts): Finding[] {
  const { history, publications, logged, isTrimmed } = facts
  const takes = new Map(
    history.subscriptions.map(({ name, topics, mayDrop = [] }) => [name, new Set([...topics, ...mayDrop])]),
  )
  const findings: Finding[] = []
  for (const { subscription, message, position } of history.effects) {
    const topic = publications.get(message)?.message.topic
    const isForeign = topic !== undefined && takes.get(subscription)?.has(topic) !== true
    const isNowhere = topic !== undefined && !isTrimmed(topic) && !logged.has(message)
    const reason =
      whyNot(facts, message) ??
      (isForeign ? `it does not take '${topic}'` : isNowhere ? 'the message is not in the log' : undefined)
    if (reason === undefined) continue
    findings.push({
      kind: 'unexpected',
      message: `'${subscription}' has an effect of '${message}', and ${reason}`,
      evidence: { subscription, message, position, reason },
    })
  }
  return findings
}

/** What callers were told must be what the handler answered whose effect is there. */
function answers({ history }: Facts): Finding[] {
  const values = new Map<string, string | undefined>()
  for (const { subscription, message, value } of history.effects) {
    values.set(JSON.stringify([subscription, message]), value)
  }
  const findings: Finding[] = []
  for (const { id: operation, told = [] } of history.operations) {
    for (const { subscription, message, value } of told) {
      const id = JSON.stringify([subscription, message])
      if (!values.has(id) || values.get(id) === value) continue
      findings.push({
        kind: 'unexpected',
        message: `'${operation}' was told '${value}' about '${message}', and the effect says '${values.get(id)}'`,
        evidence: { operation, subscription, message, told: value, effect: values.get(id) },
      })
    }
  }
  return findings
}
