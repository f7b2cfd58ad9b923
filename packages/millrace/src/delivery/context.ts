import { type Logger, MillraceError } from '../base/index.ts'
import { type Contract, composeEvent, type Event, type EventOptions, validate } from '../event/index.ts'
import type { SqlValue } from '../store/index.ts'
import { AttemptDocuments } from './attempt-documents.ts'
import { assertOpen, type BatchSource, type Effects, pushed } from './effects.ts'
import type { AppendOptions, HandlerContext, HandlerDocuments, PublishOptions, Rows } from './handler.ts'
import type { Surroundings } from './surroundings.ts'
import { assertAlive, datedBy, dueOf, timerIdOf } from './times.ts'
import type { Work } from './work.ts'

/**
 * The context of one attempt. Members are made when they are asked for, because most handlers use few of them and there
 * is one context for every event; they are closures, so that a handler can take the context apart.
 */
export class AttemptContext implements HandlerContext {
  readonly #around: Surroundings
  readonly #event: Event
  readonly #work: Work
  readonly #source: BatchSource
  readonly #effects: Effects
  readonly #abortable: { readonly signal: AbortSignal }

  constructor(
    around: Surroundings,
    event: Event,
    work: Work,
    source: BatchSource,
    effects: Effects,
    abortable: { readonly signal: AbortSignal },
  ) {
    this.#around = around
    this.#event = event
    this.#work = work
    this.#source = source
    this.#effects = effects
    this.#abortable = abortable
  }

  get subscription(): string {
    return this.#around.subscription
  }

  get topic(): string {
    return this.#work.record.event.header.topic
  }

  get position(): number {
    return this.#work.record.position
  }

  get attempt(): number {
    return this.#work.attempts + 1
  }

  get signal(): AbortSignal {
    return this.#abortable.signal
  }

  get log(): Logger {
    return this.#around.log
  }

  get publish(): HandlerContext['publish'] {
    return (contract, data, options) => this.#emit(contract, data, options)
  }

  get send(): HandlerContext['send'] {
    return (contract, data, options) => this.#emit(contract, data, options)
  }

  get append(): HandlerContext['append'] {
    return (stream, contract, data, options: AppendOptions = {}) => {
      const { expectedRevision: expected = 'any' } = options
      this.#compose(contract, data, options, (event) => {
        const append = { event, unique: options.id !== undefined, stream: { name: stream, expected } }
        this.#effects.append = pushed(this.#effects.append, append)
      })
    }
  }

  get documents(): HandlerDocuments {
    return new AttemptDocuments(this.#around, this.#work.record.position, this.#source, this.#effects)
  }

  get sql(): HandlerContext['sql'] {
    return (text, ...parameters) => {
      assertOpen(this.#effects, this.#around.subscription, this.#work.record.position)
      if (!this.#around.store.capabilities.sql) {
        const { engine } = this.#around.store.capabilities
        throw new MillraceError('CAPABILITY_MISSING', { engine, capability: 'sql', needed: this.#around.subscription })
      }
      this.#effects.sql = pushed(this.#effects.sql, { text, parameters })
    }
  }

  get query(): HandlerContext['query'] {
    return (text: string, ...parameters: readonly SqlValue[]): Promise<Rows> =>
      this.#around.store.query({ text, parameters })
  }

  #emit(contract: Contract, data: unknown, options: PublishOptions | undefined): void {
    const dueMs = dueOf(options, this.#around.composer)
    this.#compose(contract, data, datedBy(options, dueMs), (event) => {
      assertAlive(event, this.#around.composer, dueMs)
      const effects = this.#effects
      if (dueMs === undefined) effects.append = pushed(effects.append, { event, unique: options?.id !== undefined })
      else {
        const id = timerIdOf(event, options?.id !== undefined)
        effects.timers = pushed(effects.timers, { kind: 'set', id, dueMs, event })
      }
    })
  }

  #compose(
    contract: Contract,
    data: unknown,
    options: EventOptions | undefined,
    add: (event: ReturnType<typeof composeEvent>) => void,
  ): void {
    assertOpen(this.#effects, this.#around.subscription, this.#work.record.position)
    const { composer, source } = this.#around
    const compose = (output: unknown): void =>
      add(composeEvent(composer, contract, source, data, output, options, this.#event))
    const admitted = composer.admit(contract)
    if (admitted !== undefined) this.#effects.check(admitted)
    const output = validate(contract.name, contract.schema, data)
    if (output instanceof Promise) this.#effects.check(output.then(compose))
    else compose(output)
  }
}
