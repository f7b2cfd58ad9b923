import { MillraceError } from '../base/index.ts'
import { type Event, readEvent } from '../event/index.ts'
import type { AckReason } from '../store/index.ts'
import { AttemptContext } from './context.ts'
import { type BatchSource, Effects } from './effects.ts'
import type { Plan, Target } from './plan.ts'
import type { Surroundings } from './surroundings.ts'
import { isThenable } from './thenable.ts'
import { hasExpired } from './times.ts'
import type { Work } from './work.ts'

/** How an attempt ended: its effects may be committed, or it failed, or it was cut off and counts for nothing. */
export type Ended =
  | { readonly kind: 'done'; readonly reason: AckReason; readonly effects: Effects | undefined }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'abandoned' }

const done = (reason: AckReason, effects?: Effects): Ended => ({ kind: 'done', reason, effects })

const defaultTimeoutMs = 60_000

/** What stands for the result of a handler that was not asked, as the filter refused the event. */
const filtered = Symbol('filtered')

/** One try at handling one delivery. */
export class Attempt {
  readonly #work: Work
  readonly #around: Surroundings
  readonly #effects = new Effects()
  #target: Target | undefined
  #abort: AbortController | undefined
  #cancelTimer: (() => void) | undefined
  #decide: ((ended: Ended) => void) | undefined
  #running: Set<Attempt> | undefined
  /** Called when the handler has not finished in the turn of the event loop in which it began. */
  onSlow: (() => void) | undefined

  constructor(work: Work, around: Surroundings) {
    this.#work = work
    this.#around = around
  }

  /** Runs the handler. Never throws and never rejects; a promise only when something was asynchronous. */
  run(plan: Plan, source: BatchSource): Ended | Promise<Ended> {
    const { event: encoded } = this.#work.record
    const target = plan.target(encoded.header.type, encoded.header.topic)
    if (target === undefined) return done('unhandled')
    this.#target = target
    if (!this.#work.wanted && hasExpired(encoded, this.#around.composer)) {
      return target.options.expired === 'dead-letter'
        ? this.#failed(new MillraceError('EVENT_EXPIRED', { id: encoded.id }))
        : done('expired')
    }
    try {
      const event = readEvent(encoded, plan.find)
      const result =
        event instanceof Promise
          ? event.then((read) => this.#invoke(read, target, source))
          : this.#invoke(event, target, source)
      return isThenable(result) || this.#effects.checks !== undefined ? this.#settle(result) : this.#finished(result)
    } catch (error) {
      return this.#failed(error)
    }
  }

  /** Stands among those that run until it has ended. */
  track(running: Set<Attempt>): void {
    this.#running = running
    running.add(this)
  }

  /** The handler did not finish at once: from here on its time is watched. */
  watch(): void {
    const timeoutMs = this.#target?.options.timeoutMs ?? defaultTimeoutMs
    this.#cancelTimer = this.#around.composer.clock.after(timeoutMs, () => {
      const { subscription } = this.#around
      const { position } = this.#work.record
      const error = new MillraceError('HANDLER_TIMEOUT', { subscription, position, timeoutMs })
      this.#cut(error, { kind: 'failed', error })
    })
    this.onSlow?.()
  }

  /** Ends the attempt as one that never was, whatever its handler does from now on: the subscription ends here. */
  abandon(reason: unknown): void {
    this.#cut(reason, { kind: 'abandoned' })
  }

  get options(): Target['options'] | undefined {
    return this.#target?.options
  }

  #cut(reason: unknown, ended: Ended): void {
    this.#effects.sealed = true
    this.#cancelTimer?.()
    // Made here if need be: the handler of an event whose schema is asynchronous may ask for it later.
    this.#abort ??= new AbortController()
    this.#abort.abort(reason)
    this.#running?.delete(this)
    this.#decide?.(ended)
  }

  #invoke(event: Event, target: Target, source: BatchSource): unknown {
    // Cut off while the event was read.
    if (this.#effects.sealed) return undefined
    const { filter } = target.options
    if (filter !== undefined && !filter(event)) return filtered
    return target.invoke(event, new AttemptContext(this.#around, event, this.#work, source, this.#effects, this))
  }

  /** Waits for the handler and for the checks it started, or for what cuts it off, whichever decides first. */
  #settle(pending: unknown): Promise<Ended> {
    return new Promise((resolve) => {
      this.#decide = resolve
      const end = async (): Promise<void> => {
        try {
          const result = await pending
          this.#effects.sealed = true
          if (this.#effects.checks !== undefined) await Promise.all(this.#effects.checks)
          resolve(this.#finished(result))
        } catch (error) {
          resolve(this.#failed(error))
        }
      }
      void end()
    })
  }

  #finished(result: unknown): Ended {
    this.#end()
    return result === filtered ? done('filtered') : done('handled', this.#effects)
  }

  #failed(error: unknown): Ended {
    this.#end()
    return { kind: 'failed', error }
  }

  #end(): void {
    this.#effects.sealed = true
    this.#cancelTimer?.()
    this.#running?.delete(this)
  }

  /** Aborted when the attempt is cut off. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }
}
