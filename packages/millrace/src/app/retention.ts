import { type Clock, isMillraceError, type Logger } from '../base/index.ts'
import type { Store, TopicState } from '../store/index.ts'
import type { Retention } from './application.ts'
import { firstMatch } from './contracts.ts'

/** How often old events are looked for. */
const sweepEveryMs = 30_000
/** So many events are deleted in one unit, so that others are not held up. */
const deleteAtOnce = 2_000
const defaultReplyRetention: Retention = { maxAgeMs: 3_600_000 }

/** Deletes events that have outlived their topic's retention, a few at a time, as units like any other. */
export class RetentionSweeper {
  readonly #store: Store
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #retentionOf: (topic: string) => Retention | undefined
  #cancel: (() => void) | undefined
  #running: Promise<void> | undefined
  #stopped = false

  constructor(store: Store, clock: Clock, logger: Logger, retention: Readonly<Record<string, Retention>>) {
    this.#store = store
    this.#clock = clock
    this.#logger = logger
    this.#retentionOf = firstMatch({ ...retention, '_millrace.**': defaultReplyRetention })
  }

  start(): void {
    this.#cancel = this.#clock.after(sweepEveryMs, () => {
      this.#running = this.sweep()
        .then(() => {})
        .catch((error: unknown) => {
          if (!isMillraceError(error, 'STORE_STOPPED'))
            this.#logger.error('Retention failed; trying again later', { error })
        })
        .finally(() => {
          if (!this.#stopped) this.start()
        })
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#running
  }

  /** Looks through all topics once. @returns how many events were deleted */
  async sweep(): Promise<number> {
    let deleted = 0
    const { topics } = await this.#store.inspect()
    for (const topic of topics) {
      const retention = this.#retentionOf(topic.name)
      if (retention !== undefined) deleted += await this.#sweepTopic(topic, retention)
    }
    return deleted
  }

  async #sweepTopic(topic: TopicState, retention: Retention): Promise<number> {
    let deleted = 0
    const head = await this.#store.locate('now')
    if (retention.compact === true)
      deleted += await this.#trim('superseded', topic.name, head, Number.POSITIVE_INFINITY)
    if (retention.maxAgeMs !== undefined) {
      const through = await this.#store.locate(new Date(this.#clock.now() - retention.maxAgeMs))
      deleted += await this.#trim('oldest', topic.name, through, Number.POSITIVE_INFINITY)
    }
    const tooMany = Math.max(
      retention.maxCount === undefined ? 0 : topic.events - retention.maxCount,
      // By the topic's mean size: whole events go, so the bytes are met to within one sweep.
      retention.maxBytes === undefined || topic.bytes <= retention.maxBytes
        ? 0
        : Math.ceil((topic.bytes - retention.maxBytes) / (topic.bytes / topic.events)),
    )
    if (tooMany > deleted) deleted += await this.#trim('oldest', topic.name, head, tooMany - deleted)
    if (deleted > 0) this.#logger.info('Retention deleted events', { topic: topic.name, deleted })
    return deleted
  }

  async #trim(kind: 'oldest' | 'superseded', topic: string, through: number, most: number): Promise<number> {
    let deleted = 0
    while (deleted < most && !this.#stopped) {
      const limit = Math.min(deleteAtOnce, most - deleted)
      const { trimmed } = await this.#store.commit({ trims: [{ kind, topic, through, limit }] })
      if (trimmed === 0) break
      deleted += trimmed
      await this.#store.commit({
        counts: [{ name: kind === 'oldest' ? 'retained-out' : 'compacted', subject: topic, by: trimmed }],
      })
    }
    return deleted
  }
}
