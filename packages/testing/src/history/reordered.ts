import { factsOf } from './facts.ts'
import type { Finding } from './finding.ts'
import type { History } from './history.ts'

/**
 * Effects of one key (or of a whole subscription, if it is serial) that were committed in another order than that of the log.
 * A message that came late because it was a dead letter in between is excused; those after it are not.
 */
export function checkOrder(history: History): Finding[] {
  const { publications } = factsOf(history)
  const orders = new Map(history.subscriptions.map(({ name, order }) => [name, order]))
  const detours = new Set(
    (history.detours ?? []).map(({ subscription, message }) => JSON.stringify([subscription, message])),
  )
  const newest = new Map<string, { readonly message: string; readonly position: number }>()
  const findings: Finding[] = []
  for (const { subscription, message, position } of history.effects) {
    const order = orders.get(subscription)
    const key = publications.get(message)?.message.key ?? null
    if (order === undefined || order === 'none' || (order === 'key' && key === null)) continue
    const line = JSON.stringify([subscription, order === 'key' ? key : ''])
    const before = newest.get(line)
    if (before === undefined || position >= before.position) {
      newest.set(line, { message, position })
      continue
    }
    if (detours.has(JSON.stringify([subscription, message]))) continue
    const which = order === 'key' ? `of the key '${key}'` : 'of all'
    findings.push({
      kind: 'reordered',
      message: `'${subscription}' handled position ${before.position} before position ${position} ${which}`,
      evidence: { subscription, key, earlier: { message, position }, later: before },
    })
  }
  return findings
}
