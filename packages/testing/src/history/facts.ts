import type { History, HistoryMessage, LoggedMessage, Operation } from './history.ts'

/** What the operations of a history say about one message. */
export interface Publication {
  readonly message: HistoryMessage
  /** The operations that publish it; none when a handler did. */
  readonly operations: readonly Operation[]
  /** Acknowledged by one of them, refused by all of them, or nobody knows. */
  readonly status: 'ok' | 'failed' | 'unknown'
  /** Taken back, for certain or perhaps. */
  readonly cancelled: 'yes' | 'perhaps' | 'no'
}

/** What several checkers need to know of a history, looked up once. */
export interface Facts {
  readonly history: History
  /** All messages that somebody published or tried to, by id. */
  readonly publications: ReadonlyMap<string, Publication>
  /** The records of the log, by message. */
  readonly logged: ReadonlyMap<string, readonly LoggedMessage[]>
  /** Whether messages of a topic may be gone from the log. */
  readonly isTrimmed: (topic: string) => boolean
}

/** Several checkers look up the same things. */
const known = new WeakMap<History, Facts>()

export function factsOf(history: History): Facts {
  let facts = known.get(history)
  if (facts === undefined) {
    const trimmed = new Set(history.trimmedTopics)
    facts = {
      history,
      publications: publicationsOf(history),
      logged: Map.groupBy(history.log, ({ message }) => message),
      isTrimmed: (topic) => trimmed.has(topic),
    }
    known.set(history, facts)
  }
  return facts
}

function publicationsOf(history: History): Map<string, Publication> {
  const messages = new Map<string, { message: HistoryMessage; operations: Operation[]; derived: boolean }>()
  for (const operation of history.operations) {
    for (const message of operation.messages) {
      const entry = messages.get(message.id)
      if (entry === undefined) messages.set(message.id, { message, operations: [operation], derived: false })
      else entry.operations.push(operation)
    }
  }
  for (const { publishes = [] } of history.effects) {
    for (const message of publishes) {
      const entry = messages.get(message.id)
      if (entry === undefined) messages.set(message.id, { message, operations: [], derived: true })
      else entry.derived = true
    }
  }
  const cancellations = new Map<string, 'yes' | 'perhaps'>()
  for (const { cancels = [], outcome } of history.operations) {
    for (const id of cancels) {
      if (outcome === 'ok') cancellations.set(id, 'yes')
      else if (outcome === 'indeterminate' && !cancellations.has(id)) cancellations.set(id, 'perhaps')
    }
  }
  const publications = new Map<string, Publication>()
  for (const [id, { message, operations, derived }] of messages) {
    const isOk = derived || operations.some(({ outcome }) => outcome === 'ok')
    const isFailed = operations.every(({ outcome }) => outcome === 'failed')
    const status = isOk ? 'ok' : isFailed ? 'failed' : 'unknown'
    publications.set(id, { message, operations, status, cancelled: cancellations.get(id) ?? 'no' })
  }
  return publications
}

/** Whether a message may be absent from the log, although it was published, for a lawful reason. */
export function mayBeAbsent({ message, cancelled }: Publication, { history, isTrimmed }: Facts): boolean {
  const isLater = message.notBeforeMs !== undefined && !history.settled
  return cancelled !== 'no' || isTrimmed(message.topic) || isLater
}
