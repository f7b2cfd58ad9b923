import type { Finding } from './finding.ts'
import type { History, LoggedMessage, Reader } from './history.ts'

/** Records of the log that a reader went past without seeing them. */
export function checkSkipped(history: History): Finding[] {
  return (history.readers ?? []).flatMap((reader) => skippedBy(reader, history.log))
}

function skippedBy({ name, topics, after, through, records }: Reader, log: readonly LoggedMessage[]): Finding[] {
  const seen = new Set(records.map(({ position }) => position))
  const wanted = topics === undefined ? undefined : new Set(topics)
  return log
    .filter(({ position, topic }) => position > after && position <= through && wanted?.has(topic) !== false)
    .filter(({ position }) => !seen.has(position))
    .map(({ position, message, topic }) => ({
      kind: 'skipped' as const,
      message: `the reader '${name}' went past position ${position} without seeing '${message}'`,
      evidence: { reader: name, position, message, topic, after, through },
    }))
}
