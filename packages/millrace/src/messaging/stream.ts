import { type Event, type FindContract, readEvent } from '../event/index.ts'
import type { LogRecord, StartPosition, Store } from '../store/index.ts'

/** An event of the log with its place there. */
export interface Streamed<Data = unknown> {
  readonly event: Event<Data>
  readonly topic: string
  readonly position: number
  readonly appendedAt: Date
}

export interface StreamOptions {
  /** Default `now`. A position is that of the first event. */
  readonly from?: StartPosition
  /** False: ends with the event that is the newest when it begins. Default true. */
  readonly live?: boolean
  readonly signal?: AbortSignal
}

const pageSize = 256

/** Events of topics that match, in log order, from history into live: one reader, so no gap and no double at the seam. */
export async function* streamEvents(
  store: Store,
  find: FindContract,
  topics: readonly string[],
  options: StreamOptions = {},
): AsyncGenerator<Streamed, void, undefined> {
  for await (const { position, appendedMs, event } of readRecords(store, topics, options)) {
    const { topic } = event.header
    yield { event: await readEvent(event, find), topic, position, appendedAt: new Date(appendedMs) }
  }
}

/** The same as the log has them, not decoded. */
export async function* readRecords(
  store: Store,
  topics: readonly string[],
  options: StreamOptions,
): AsyncGenerator<LogRecord, void, undefined> {
  const { from = 'now', live = true, signal } = options
  const end = live ? Number.POSITIVE_INFINITY : await store.locate('now')
  let after = await startOf(store, from)
  let wake = Promise.withResolvers<void>()
  const stop = store.onCommit(() => wake.resolve())
  const isAborted = (): boolean => signal?.aborted === true
  const onAbort = (): void => wake.resolve()
  signal?.addEventListener('abort', onAbort)
  try {
    while (!isAborted() && after < end) {
      // Renewed before the read: a commit after it wakes the loop, one before it is seen by the read.
      wake = Promise.withResolvers<void>()
      const page = await store.readLog({ after, topics, limit: pageSize })
      for (const record of page.records) {
        if (record.position > end || isAborted()) return
        yield record
      }
      if (page.scannedTo === after && !isAborted()) await wake.promise
      after = page.scannedTo
    }
  } finally {
    stop()
    signal?.removeEventListener('abort', onAbort)
  }
}

async function startOf(store: Store, from: StartPosition): Promise<number> {
  if (typeof from === 'string') return store.locate(from)
  return 'time' in from ? store.locate(from.time) : Math.max(0, from.position - 1)
}
