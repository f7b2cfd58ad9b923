import { MillraceError } from '../../base/index.ts'
import type { Outcome, Unit } from '../../store/index.ts'
import type { HandlerOptions } from '../handler.ts'
import { tell } from '../observe.ts'
import type { Plan } from '../plan.ts'
import type { Runtime } from '../runtime.ts'
import { keptDelivery, type Work, WorkSettlement, withFailure } from '../work.ts'
import { decide, type Verdict } from './decide.ts'
import { type Probe, pauseReason } from './pause.ts'

/** What becomes of a failed delivery. */
export interface Failed {
  /** The WorkSettlement, and whatever commits with it: an error reply, the pause of the subscription. */
  readonly unit: Unit
  /** False when later deliveries of the key must wait. */
  readonly goesOn: boolean
  /** The subscription is paused by it, and by this delivery it is learnt whether to go on. */
  readonly pause: { readonly probe: Probe | undefined } | undefined
  /** To be called when the unit is committed. */
  readonly report: () => void
}

/** The way of deliveries that failed: retried, held, given up, or done with in spite of it. */
export class FailurePath {
  readonly #plan: Plan
  readonly #runtime: Runtime
  readonly #epoch: number

  constructor(plan: Plan, runtime: Runtime, epoch: number) {
    this.#plan = plan
    this.#runtime = runtime
    this.#epoch = epoch
  }

  /** After an attempt that ended with an error. */
  failed(work: Work, options: HandlerOptions | undefined, error: unknown): Failed {
    const now = this.#runtime.clock.now()
    const attempts = work.attempts + 1
    // The process lived through it, so one death less is laid to it.
    const deaths = Math.max(0, work.deaths - 1)
    const tried = { ...work, attempts, deaths, history: withFailure(work.history, error, now) }
    return this.#take(work, tried, this.#judge(work, options, error, attempts), error, now)
  }

  /** The process has died too often while it was handled: it is not begun again. */
  poisonous(work: Work): Failed {
    const { position } = work.record
    const error = new MillraceError('DELIVERY_POISONOUS', {
      subscription: this.#plan.name,
      position,
      deaths: work.deaths,
    })
    const now = this.#runtime.clock.now()
    const tried = { ...work, history: withFailure(work.history, error, now) }
    return this.#take(work, tried, { kind: 'dead', reason: 'poison' }, error, now)
  }

  #take(work: Work, tried: Work, verdict: Verdict, error: unknown, now: number): Failed {
    const { name, onGivenUp } = this.#plan
    const outcome = outcomeOf(tried, verdict, now)
    const settle = [new WorkSettlement(name, this.#epoch, work, outcome)]
    const { position } = work.record
    const probe =
      verdict.kind === 'pause' && verdict.probeAfterMs !== undefined
        ? { position, afterMs: verdict.probeAfterMs }
        : undefined
    const pause = { kind: 'pause', name, reason: pauseReason(error, probe) } as const
    return {
      unit: {
        ...(verdict.kind === 'dead' || verdict.kind === 'done' ? onGivenUp(work.record, error) : {}),
        ...(verdict.kind === 'pause' ? { subscriptions: [pause] } : {}),
        settle,
      },
      goesOn: outcome.kind !== 'park' || work.orderKey === null,
      pause: verdict.kind === 'pause' ? { probe } : undefined,
      report: () => this.#report(tried, verdict, error),
    }
  }

  #judge(work: Work, options: HandlerOptions | undefined, error: unknown, attempts: number): Verdict {
    try {
      return decide(error, attempts, options, this.#runtime.random)
    } catch (cause) {
      // A retry policy or onError that throws must not decide by accident: the delivery is kept for an operator.
      this.#runtime.logger.error('The failure policy of a handler threw', {
        subscription: this.#plan.name,
        position: work.record.position,
        error: cause,
      })
      return { kind: 'dead', reason: 'fatal' }
    }
  }

  #report(work: Work, verdict: Verdict, error: unknown): void {
    const { position, event } = work.record
    const { attempts } = work
    const about = { subscription: this.#plan.name, position, type: event.header.type, id: event.id, attempts, error }
    if (verdict.kind === 'dead') {
      this.#runtime.logger.error('A delivery is dead-lettered', about)
      tell('dead-letter', () => about)
    } else if (verdict.kind === 'park') {
      this.#runtime.logger.warn('A delivery failed and is retried', {
        ...about,
        delayMs: Math.round(verdict.delayMs),
      })
      tell('retry', () => about)
    } else {
      const what = verdict.kind === 'done' ? verdict.reason : verdict.kind
      this.#runtime.logger.warn(`A delivery failed: ${what}`, about)
      tell('drop', () => ({ ...about, reason: what }))
    }
  }
}

function outcomeOf(work: Work, verdict: Verdict, now: number): Outcome {
  switch (verdict.kind) {
    case 'park':
      return { kind: 'park', delivery: keptDelivery(work, 'retry'), dueMs: Math.ceil(now + verdict.delayMs) }
    case 'pause':
      return { kind: 'park', delivery: keptDelivery(work, 'retry'), dueMs: now }
    case 'hold':
      return { kind: 'park', delivery: keptDelivery(work, verdict.reason), dueMs: null }
    case 'dead':
      return { kind: 'dead', delivery: keptDelivery(work, verdict.reason) }
    case 'done':
      return { kind: 'ack', reason: verdict.reason }
  }
}
