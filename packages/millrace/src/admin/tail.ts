import { assertPattern } from '../event/index.ts'
import type { LogRecord, StartPosition, Store } from '../store/index.ts'
import type { TailOptions } from './admin.ts'

const pageSize = 256

/**
 * Events as the log has them, from history into live: one reader, so there is no gap and no double at the seam.
 * @throws TOPIC_INVALID at once
 */
export function tail(
  store: Store,
  topics: readonly string[],
  options: TailOptions = {},
): AsyncIterableIterator<LogRecord> {
  for (const topic of topics) assertPattern(topic)
  return read(store, topics, options)
}

async function* read(store: Store, topics: readonly string[], options: TailOptions): AsyncGenerator<LogRecord> {
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
