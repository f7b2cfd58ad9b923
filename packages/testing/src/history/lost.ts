import { type Facts, factsOf, mayBeAbsent } from './facts.ts'
import type { Finding } from './finding.ts'
import type { History } from './history.ts'

/**
 * Acknowledged and not there, or there and never handled: publishing that was ok and is not in the log, messages without the
 * effect of a subscription that takes them, and answers that told of an effect that is not there.
 */
export function checkLost(history: History): Finding[] {
  const facts = factsOf(history)
  return [...notInLog(facts), ...(history.settled ? notHandled(facts) : []), ...toldOfNothing(facts)]
}

function notInLog(facts: Facts): Finding[] {
  const findings: Finding[] = []
  for (const [id, publication] of facts.publications) {
    const { status, operations, message } = publication
    // What a handler published is looked at as a part of its unit.
    if (status !== 'ok' || operations.length === 0 || facts.logged.has(id) || mayBeAbsent(publication, facts)) continue
    const by = operations.filter(({ outcome }) => outcome === 'ok')
    findings.push({
      kind: 'lost',
      message: `'${id}' was acknowledged and is not in the log`,
      evidence: { message, operations: by.map((one) => one.id), processes: by.map(({ process }) => process) },
    })
  }
  return findings
}

function notHandled({ history, publications, logged, isTrimmed }: Facts): Finding[] {
  const handled = new Map(history.subscriptions.map(({ name }) => [name, new Set<string>()]))
  for (const { subscription, message } of history.effects) handled.get(subscription)?.add(message)
  for (const { subscription, message } of history.keptAside ?? []) handled.get(subscription)?.add(message)
  const byTopic = Map.groupBy(
    history.subscriptions.flatMap(({ name, topics }) => topics.map((topic) => ({ name, topic }))),
    ({ topic }) => topic,
  )
  const findings: Finding[] = []
  const look = (message: string, topic: string, position: number | null): void => {
    for (const { name } of byTopic.get(topic) ?? []) {
      if (handled.get(name)!.has(message)) continue
      const what = `'${message}' is in the log, and '${name}' has never handled it`
      findings.push({ kind: 'lost', message: what, evidence: { subscription: name, message, topic, position } })
    }
  }
  for (const { message, topic, position } of history.log) look(message, topic, position)
  // What is gone from the log must have been handled before.
  for (const [id, { message, status, cancelled }] of publications) {
    if (status === 'ok' && cancelled === 'no' && isTrimmed(message.topic) && !logged.has(id))
      look(id, message.topic, null)
  }
  return findings
}

function toldOfNothing({ history }: Facts): Finding[] {
  const told = history.operations.flatMap((operation) =>
    (operation.told ?? []).map((one) => ({ ...one, operation: operation.id })),
  )
  if (told.length === 0) return []
  const effects = new Set(history.effects.map(({ subscription, message }) => JSON.stringify([subscription, message])))
  return told
    .filter(({ subscription, message }) => !effects.has(JSON.stringify([subscription, message])))
    .map((evidence) => ({
      kind: 'lost' as const,
      message: `'${evidence.operation}' was told of an effect of '${evidence.message}' that is not there`,
      evidence,
    }))
}
