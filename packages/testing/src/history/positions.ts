import { factsOf } from './facts.ts'
import type { Finding } from './finding.ts'
import type { History, Operation } from './history.ts'

/**
 * Positions that go back or come twice for a reader, positions that mean two records, and positions that go against the order
 * of time: what was acknowledged before another was asked for stands before it.
 */
export function checkPositions(history: History): Finding[] {
  return [...rising(history), ...unique(history), ...inTime(history)]
}

function rising({ log, readers = [] }: History): Finding[] {
  const findings: Finding[] = []
  for (const { name, records } of [{ name: 'the log at the end', records: log }, ...readers]) {
    for (let index = 1; index < records.length; index++) {
      const [before, next] = [records[index - 1]!, records[index]!]
      if (next.position > before.position) continue
      findings.push({
        kind: 'non-monotonic',
        message: `'${name}' saw position ${next.position} after position ${before.position}`,
        evidence: { reader: name, before, next },
      })
    }
  }
  return findings
}

function unique(history: History): Finding[] {
  const owners = new Map<number, { readonly message: string; readonly seenBy: string }>()
  const findings: Finding[] = []
  const see = (position: number | undefined, message: string, seenBy: string): void => {
    if (position === undefined || position <= 0) return
    const owner = owners.get(position)
    if (owner === undefined) owners.set(position, { message, seenBy })
    else if (owner.message !== message) {
      findings.push({
        kind: 'non-monotonic',
        message: `position ${position} is that of '${owner.message}' for ${owner.seenBy} and of '${message}' for ${seenBy}`,
        evidence: { position, first: owner, second: { message, seenBy } },
      })
    }
  }
  for (const { position, message } of history.log) see(position, message, 'the log at the end')
  for (const { name, records } of history.readers ?? []) {
    for (const { position, message } of records) see(position, message, `the reader '${name}'`)
  }
  for (const { id, outcome, messages, positions = [] } of history.operations) {
    if (outcome !== 'ok') continue
    for (const [index, { id: message }] of messages.entries()) see(positions[index], message, `the operation '${id}'`)
  }
  for (const { subscription, message, position } of history.effects) see(position, message, `'${subscription}'`)
  return findings
}

interface Placed {
  readonly operation: Operation
  readonly lowest: number
  readonly highest: number
  readonly endedMs: number
}

function inTime(history: History): Finding[] {
  const { publications } = factsOf(history)
  // A repetition is answered with the position of the first time, which says nothing about when it was asked for.
  const isRepeated = ({ messages }: Operation): boolean =>
    messages.some(({ id }) => publications.get(id)!.operations.length > 1)
  const placed: Placed[] = []
  const findings: Finding[] = []
  for (const operation of history.operations) {
    const positions = (operation.positions ?? []).filter(
      (position) => position !== undefined && position > 0,
    ) as number[]
    if (operation.outcome !== 'ok' || positions.length === 0 || operation.endedMs === null || isRepeated(operation))
      continue
    for (let index = 1; index < positions.length; index++) {
      if (positions[index]! > positions[index - 1]!) continue
      findings.push({
        kind: 'non-monotonic',
        message: `the messages of '${operation.id}' are not in the order in which they were published`,
        evidence: { operation: operation.id, positions },
      })
      break
    }
    const lowest = positions.reduce((one, other) => Math.min(one, other))
    const highest = positions.reduce((one, other) => Math.max(one, other))
    placed.push({ operation, lowest, highest, endedMs: operation.endedMs })
  }
  const byStart = placed.toSorted((one, other) => one.operation.invokedMs - other.operation.invokedMs)
  const byEnd = placed.toSorted((one, other) => one.endedMs - other.endedMs)
  let highest: Placed | undefined
  let ended = 0
  for (const next of byStart) {
    for (; ended < byEnd.length && byEnd[ended]!.endedMs < next.operation.invokedMs; ended++) {
      if (highest === undefined || byEnd[ended]!.highest > highest.highest) highest = byEnd[ended]!
    }
    if (highest === undefined || highest.highest < next.lowest) continue
    findings.push({
      kind: 'non-monotonic',
      message: `'${next.operation.id}' was asked for after '${highest.operation.id}' had ended, and stands before it`,
      evidence: {
        first: { operation: highest.operation.id, endedMs: highest.endedMs, position: highest.highest },
        second: { operation: next.operation.id, invokedMs: next.operation.invokedMs, position: next.lowest },
      },
    })
  }
  return findings
}
