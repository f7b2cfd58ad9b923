import type { Finding } from './finding.ts'
import type { History } from './history.ts'

/** Writes that built on a state which another write had already replaced: of counters and of streams. */
export function checkLostUpdates(history: History): Finding[] {
  return [...counters(history), ...streams(history)]
}

/** A counter that each of its effects raises by one goes 1, 2, 3, … in the order of the commits. */
function counters({ effects }: History): Finding[] {
  const values = new Map<string, { readonly value: number; readonly message: string }>()
  const findings: Finding[] = []
  for (const { subscription, message, counted = [] } of effects) {
    for (const { counter, value } of counted) {
      const before = values.get(counter)
      values.set(counter, { value, message })
      if (value === (before?.value ?? 0) + 1) continue
      findings.push({
        kind: 'lost-update',
        message: `the counter '${counter}' was raised from ${before?.value ?? 0} to ${value} by '${message}'`,
        evidence: { counter, subscription, message, value, before: before ?? null },
      })
    }
  }
  return findings
}

/** The revisions of a stream go 0, 1, 2, …, and what was appended at an expected revision stands there. */
function streams({ log, operations }: History): Finding[] {
  const findings: Finding[] = []
  const places = new Map<string, { readonly name: string; readonly revision: number }>()
  const next = new Map<string, number>()
  for (const { message, position, stream } of log) {
    if (stream === undefined) continue
    const { name, revision } = stream
    const expected = next.get(name) ?? 0
    next.set(name, revision + 1)
    places.set(message, stream)
    if (revision === expected) continue
    findings.push({
      kind: 'lost-update',
      message: `the stream '${name}' has revision ${revision} where ${expected} comes`,
      evidence: { stream: name, revision, expected, message, position },
    })
  }
  for (const { id, outcome, stream, messages } of operations) {
    if (outcome !== 'ok' || stream === undefined) continue
    for (const [index, { id: message }] of messages.entries()) {
      const place = places.get(message)
      const revision = stream.revision + index
      // One that is nowhere is lost, which is told elsewhere.
      if (place === undefined || (place.name === stream.name && place.revision === revision)) continue
      findings.push({
        kind: 'lost-update',
        message: `'${id}' was appended to '${stream.name}' at revision ${revision}, and stands at ${place.revision}`,
        evidence: { operation: id, message, expected: { name: stream.name, revision }, actual: place },
      })
    }
  }
  return findings
}
