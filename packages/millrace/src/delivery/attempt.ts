import { MillraceError } from '../base/index.ts'
import { type Event, readEvent } from '../event/index.ts'
import type { AckReason } from '../store/index.ts'
import { AttemptContext, type Surroundings } from './context.ts'
import { type Batch, Effects } from './effects.ts'
import type { Plan, Target } from './plan.ts'
import type { Work } from './work.ts'

/** How an attempt ended: its effects may be committed, or it failed. */
export type Ended =
  | { readonly kind: 'done'; readonly reason: AckReason; readonly effects: Effects | undefined }
  | { readonly kind: 'failed'; readonly error: unknown }

const done = (reason: AckReason, effects?: Effects): Ended => ({ kind: 'done', reason, effects })

const defaultTimeoutMs = 60_000

/** One try at handling one delivery. */
export class Attempt {
  readonly #work: Work
  readonly #around: Surroundings
  readonly #effects = new Effects()
  #target: Target | undefined
  #abort: AbortController | undefined
  #cancelTimer: (() => void) | undefined
  #fail: ((error: unknown) => void) | undefined
  /** Called when the handler has not finished in the turn of the event loop in which it began. */
  onSlow: (() => void) | undefined

  constructor(work: Work, around: Surroundings) {
    this.#work = work
    this.#around = around
  }

  /** Runs the handler. Never throws and never rejects; a promise only when something was asynchronous. */
  run(plan: Plan, batch: Batch): Ended | Promise<Ended> {
    const { event: encoded } = this.#work.record
    const target = plan.target(encoded.header.type, encoded.header.topic)
    if (target === undefined) return done('unhandled')
    this.#target = target
    if (encoded.expiresMs !== null && encoded.expiresMs <= this.#around.composer.clock.now()) {
      return target.options.expired === 'dead-letter'
        ? this.#failed(new MillraceError('EVENT_EXPIRED', { id: encoded.id }))
        : done('expired')
    }
    try {
      const event = readEvent(encoded, plan.find)
      return event instanceof Promise ? this.#runLater(event, batch) : this.#invoke(event, target, batch)
    } catch (error) {
      return this.#failed(error)
    }
  }

  /** The handler did not finish at once: from here on its time is watched. */
  watch(): void {
    const timeoutMs = this.#target?.options.timeoutMs ?? defaultTimeoutMs
    this.#cancelTimer = this.#around.composer.clock.after(timeoutMs, () => {
      this.abort(
        new MillraceError('HANDLER_TIMEOUT', {
          subscription: this.#around.subscription,
          position: this.#work.record.position,
          timeoutMs,
        }),
      )
    })
    this.onSlow?.()
  }

  /** Ends the attempt as failed, whatever its handler does from now on. */
  abort(reason: unknown): void {
    this.#effects.sealed = true
    this.#abort?.abort(reason)
    this.#fail?.(reason)
  }

  async #runLater(event: Promise<Event>, batch: Batch): Promise<Ended> {
    try {
      return await this.#invoke(await event, this.#target!, batch)
    } catch (error) {
      return this.#failed(error)
    }
  }

  #invoke(event: Event, target: Target, batch: Batch): Ended | Promise<Ended> {
    const { filter } = target.options
    if (filter !== undefined && !filter(event)) return done('filtered')
    const { position, event: encoded } = this.#work.record
    const at = { topic: encoded.header.topic, position, attempt: this.#work.attempts + 1 }
    const context = new AttemptContext(this.#around, event, at, batch, this.#effects, () => this.#signal())
    const result = target.invoke(event, context)
    if (isThenable(result) || this.#effects.checks.length > 0) return this.#settle(result)
    this.#effects.sealed = true
    return done('handled', this.#effects)
  }

  /** Waits for the handler, for the validations it started, or for an abort, whichever decides first. */
  #settle(result: unknown): Promise<Ended> {
    return new Promise((resolve) => {
      this.#fail = (error) => resolve(this.#failed(error))
      const end = async (): Promise<void> => {
        try {
          await result
          await Promise.all(this.#effects.checks)
          this.#effects.sealed = true
          resolve(done('handled', this.#effects))
        } catch (error) {
          resolve(this.#failed(error))
        } finally {
          this.#cancelTimer?.()
        }
      }
      void end()
    })
  }

  #failed(error: unknown): Ended {
    this.#effects.sealed = true
    this.#cancelTimer?.()
    return { kind: 'failed', error }
  }

  #signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  get options(): Target['options'] | undefined {
    return this.#target?.options
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
