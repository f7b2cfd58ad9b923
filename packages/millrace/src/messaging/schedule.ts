import { type Clock, isMillraceError, type Logger } from '../base/index.ts'
import { isChosen } from '../delivery/index.ts'
import type { Store } from '../store/index.ts'

/** A message that is to be published later. */
export interface Scheduled {
  /** Of the event that it will publish. */
  readonly id: string
  readonly dueAt: Date
  readonly type: string
  readonly topic: string
}

/** So many timers are fired in one unit: a burst of a million stays flat in memory. */
const fireAtOnce = 1_000
/** The wall clock may jump, so it is looked at again after this time at the latest. */
const longestWaitMs = 1_000

/**
 * Publishes scheduled messages when they are due: each is moved from the timers to the log in one commit, so it fires
 * once, whichever processes run on the store. Never early by the wall clock; late by what happened while nobody ran.
 */
export class Scheduler {
  readonly #store: Store
  readonly #clock: Clock
  readonly #logger: Logger
  #stopListening: (() => void) | undefined
  #cancelTimer: (() => void) | undefined
  #checking: Promise<void> | undefined
  #again = false
  #nextDueMs = Number.POSITIVE_INFINITY

  constructor(store: Store, clock: Clock, logger: Logger) {
    this.#store = store
    this.#clock = clock
    this.#logger = logger
  }

  start(): void {
    this.#stopListening = this.#store.onCommit(() => this.#check())
    this.#check()
  }

  async stop(): Promise<void> {
    this.#stopListening?.()
    this.#stopListening = undefined
    this.#cancelTimer?.()
    await this.#checking
  }

  async list(limit: number): Promise<readonly Scheduled[]> {
    const timers = await this.#store.readTimers({ limit })
    return timers.map(({ dueMs, event }) => ({
      id: event.id,
      dueAt: new Date(dueMs),
      type: event.header.type,
      topic: event.header.topic,
    }))
  }

  /** @param topic of the message, where its id was chosen by the caller */
  async cancel(id: string, topic: string | undefined): Promise<boolean> {
    const timer = topic === undefined ? id : `${topic}/${id}`
    try {
      await this.#store.commit({ timers: [{ kind: 'remove', id: timer }] })
      return true
    } catch (error) {
      if (isMillraceError(error, 'TIMER_GONE')) return false
      throw error
    }
  }

  #check(): void {
    if (this.#checking !== undefined) {
      this.#again = true
      return
    }
    this.#checking = this.#fire()
      .catch((error: unknown) => {
        if (isMillraceError(error, 'STORE_STOPPED')) return
        this.#logger.error('Scheduled messages could not be published; trying again', { error })
        this.#waitUntil(this.#clock.now() + longestWaitMs)
      })
      .finally(() => {
        this.#checking = undefined
        if (!this.#again || this.#stopListening === undefined) return
        this.#again = false
        this.#check()
      })
  }

  async #fire(): Promise<void> {
    while (this.#stopListening !== undefined) {
      const due = await this.#store.readTimers({ dueBeforeMs: this.#clock.now(), limit: fireAtOnce })
      if (due.length === 0) return this.#waitForNext()
      try {
        await this.#store.commit({
          timers: due.map(({ id }) => ({ kind: 'remove', id })),
          // An id that the caller chose may have been published meanwhile, or scheduled again after it fired.
          append: due.map(({ id, event }) => ({ event, unique: isChosen(id, event) })),
        })
      } catch (error) {
        // Another process fired or cancelled one of them: look again at what is left.
        if (!isMillraceError(error, 'TIMER_GONE')) throw error
      }
    }
  }

  async #waitForNext(): Promise<void> {
    const [first] = await this.#store.readTimers({ limit: 1 })
    if (first !== undefined && this.#stopListening !== undefined) this.#waitUntil(first.dueMs)
  }

  #waitUntil(dueMs: number): void {
    if (dueMs === this.#nextDueMs) return
    this.#cancelTimer?.()
    this.#nextDueMs = dueMs
    const delayMs = Math.max(0, Math.min(dueMs - this.#clock.now(), longestWaitMs))
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#nextDueMs = Number.POSITIVE_INFINITY
      this.#check()
    })
  }
}
