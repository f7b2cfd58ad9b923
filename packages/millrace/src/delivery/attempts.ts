import type { Ended } from './attempt.ts'
import { Attempt } from './attempt.ts'
import type { Surroundings } from './context.ts'
import type { Batch } from './effects.ts'
import type { Plan } from './plan.ts'
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

  begin(work: Work, batch: Batch): { attempt: Attempt; ended: Ended | Promise<Ended> } {
    const attempt = new Attempt(work, this.#around)
    this.#watchdog?.enter(this.#number, work.record.position)
    const ended = attempt.run(this.#plan, batch)
    if (!(ended instanceof Promise)) return { attempt, ended }
    this.#running.add(attempt)
    if (this.#young.push(attempt) === 1) setImmediate(() => this.#nextTurn())
    return { attempt, ended: this.#follow(attempt, ended) }
  }

  /** Ends all attempts as failed, whatever their handlers go on to do. */
  abortAll(reason: unknown): void {
    for (const attempt of this.#running) attempt.abort(reason)
  }

  async #follow(attempt: Attempt, ended: Promise<Ended>): Promise<Ended> {
    try {
      return await ended
    } finally {
      this.#running.delete(attempt)
    }
  }

  #nextTurn(): void {
    const young = this.#young
    this.#young = []
    for (const attempt of young) if (this.#running.has(attempt)) attempt.watch()
  }
}
