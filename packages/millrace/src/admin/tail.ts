import { assertPattern } from '../event/index.ts'
import { readRecords } from '../messaging/index.ts'
import type { LogRecord, Store } from '../store/index.ts'
import type { TailOptions } from './admin.ts'

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
  return readRecords(store, topics, options)
}
