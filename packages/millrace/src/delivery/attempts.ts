import { channels } from '../base/index.ts'
import { Attempt, type Ended } from './attempt.ts'
import type { BatchSource } from './effects.ts'
import type { Plan } from './plan.ts'
import type { Surroundings } from './surroundings.ts'
import type { Watchdog } from './watchdog.ts'
import type { Work } from './work.ts'

/**
 * The attempts under way. Most handlers end in the turn of the event loop in which they began; only those that do not
 * are given a timer, so that a fast handler costs none.
 */
export class Attempts {
  readonly #plan: Plan
  readonly #around: Surroundings
  readonly #running = new Set<Attempt>()
  readonly #watchdog: Watchdog | undefined
  readonly #number: number
  #young: Attempt[] = []

  constructor(plan: Plan, around: Surroundings, watchdog: Watchdog | undefined) {
    this.#plan = plan
    this.#around = around
    this.#watchdog = watchdog
    this.#number = watchdog?.register(plan.name) ?? 0
  }

  begin(work: Work, source: BatchSource): { attempt: Attempt; ended: Ended | Promise<Ended> } {
    const attempt = new Attempt(work, this.#around)
    this.#watchdog?.enter(this.#number, work.record.position)
    const ended = channels.handle.hasSubscribers
      ? this.#observe(work, attempt, source)
      : attempt.run(this.#plan, source)
    if (!(ended instanceof Promise)) return { attempt, ended }
    attempt.track(this.#running)
    if (this.#young.push(attempt) === 1) setImmediate(() => this.#nextTurn())
    return { attempt, ended }
  }

  /** Ends all attempts as ones that never were, whatever their handlers go on to do. */
  abandonAll(reason: unknown): void {
    for (const attempt of this.#running) attempt.abandon(reason)
  }

  #nextTurn(): void {
    const young = this.#young
    this.#young = []
    for (const attempt of young) if (this.#running.has(attempt)) attempt.watch()
  }

  /** Runs the attempt and tells how long it took, and how it ended. */
  #observe(work: Work, attempt: Attempt, source: BatchSource): Ended | Promise<Ended> {
    const { clock } = this.#around.composer
    const began = clock.monotonic()
    const tell = (ended: Ended): Ended => {
      const { position, event } = work.record
      channels.handle.publish({
        subscription: this.#plan.name,
        position,
        type: event.header.type,
        id: event.id,
        attempt: work.attempts + 1,
        ended: ended.kind === 'done' ? ended.reason : ended.kind,
        durationMs: clock.monotonic() - began,
      })
      return ended
    }
    const ended = attempt.run(this.#plan, source)
    return ended instanceof Promise ? ended.then(tell) : tell(ended)
  }
}
