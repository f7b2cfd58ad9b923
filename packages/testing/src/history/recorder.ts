import type { Detour, History, LoggedMessage, Operation, Outcome, Reader, Wait } from './history.ts'

/** What is known of an operation when it is asked for. */
export type Invocation = Omit<Operation, 'endedMs' | 'outcome' | 'positions' | 'told'>

/** What its answer told. */
export type Answered = Pick<Operation, 'positions' | 'told'>

/** Puts a history together while it happens. */
export interface HistoryRecorder {
  /** An operation is about to be asked for. To be recorded before, so that one that never answers is known. */
  invoke(invocation: Invocation): void
  /** Its outcome. What is never told stays indeterminate. @throws RangeError when it was not invoked */
  end(operation: string, outcome: Outcome, atMs: number, answered?: Answered): void
  /** A reader saw more records. @param after where it began; counts the first time */
  saw(reader: string, after: number, records: Reader['records']): void
  waited(wait: Wait): void
  detour(detour: Detour): void
  /** Operations that were invoked and whose outcome is not known, or known as indeterminate. */
  open(): readonly Operation[]
  /** The history up to now, with what was read from the system at the end. */
  history(
    rest: Pick<History, 'subscriptions' | 'effects' | 'settled' | 'trimmedTopics'> & {
      readonly log: readonly LoggedMessage[]
    },
  ): History
}

/** Makes an empty recorder. */
export function recordHistory(): HistoryRecorder {
  const operations = new Map<string, Operation>()
  const readers = new Map<string, { readonly after: number; readonly records: Reader['records'][number][] }>()
  const waits: Wait[] = []
  const detours: Detour[] = []

  const readerOf = ([name, { after, records }]: [string, { after: number; records: Reader['records'] }]): Reader => {
    const through = records.reduce((most, { position }) => Math.max(most, position), after)
    return { name, after, through, records }
  }

  return {
    invoke: (invocation) => {
      operations.set(invocation.id, { ...invocation, endedMs: null, outcome: 'indeterminate' })
    },
    end: (id, outcome, endedMs, answered = {}) => {
      const operation = operations.get(id)
      if (operation === undefined) throw new RangeError(`the operation '${id}' was not invoked`)
      operations.set(id, { ...operation, ...answered, outcome, endedMs })
    },
    saw: (name, after, records) => {
      const reader = readers.get(name) ?? { after, records: [] }
      readers.set(name, reader)
      for (const record of records) reader.records.push(record)
    },
    waited: (wait) => {
      waits.push(wait)
    },
    detour: (detour) => {
      detours.push(detour)
    },
    open: () => [...operations.values()].filter(({ outcome }) => outcome === 'indeterminate'),
    history: (rest) => ({
      ...rest,
      operations: [...operations.values()],
      readers: [...readers].map(readerOf),
      waits: [...waits],
      detours: [...detours],
    }),
  }
}
