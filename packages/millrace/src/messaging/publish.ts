import { assertAlive, datedBy, dueOf, tell, timerIdOf } from '../delivery/index.ts'
import { type Composer, composeEvent, type EncodedEvent, validate } from '../event/index.ts'
import type { Append, Committed, ExpectedRevision, SqlStatement, Store, TimerWrite, Unit } from '../store/index.ts'
import type { Backpressure, Passage } from './backpressure.ts'
import type { Message, Published } from './message.ts'

interface Composed {
  readonly event: EncodedEvent
  readonly unique: boolean
  readonly dueMs: number | undefined
}

/** Puts messages into the log: validates, encodes and commits them, and waits while a subscription asks for that. */
export class Publisher {
  readonly #store: Store
  readonly #composer: Composer
  readonly #source: string
  readonly #backpressure: Backpressure

  constructor(store: Store, composer: Composer, source: string, backpressure: Backpressure) {
    this.#store = store
    this.#composer = composer
    this.#source = source
    this.#backpressure = backpressure
  }

  async publish(message: Message): Promise<Published> {
    const composing = this.#compose(message)
    const { event, unique, dueMs } = composing instanceof Promise ? await composing : composing
    if (dueMs !== undefined) {
      await this.#store.commit({ timers: [{ kind: 'set', id: timerIdOf(event, unique), dueMs, event }] })
      return { id: event.id, position: 0, duplicate: false }
    }
    const unit = { append: [{ event, unique }] }
    const passage = this.#backpressure.enter([event.header.topic])
    const { appended } = await (passage === undefined ? this.#store.commit(unit) : this.#pass(passage, unit))
    const { position, duplicate } = appended[0]!
    tell('publish', () => ({ type: event.header.type, id: event.id, position, duplicate }))
    return { id: event.id, position, duplicate }
  }

  /** All messages in one unit, with statements of the caller's own if any: all or none. */
  async publishAll(messages: readonly Message[], sql: readonly SqlStatement[] = []): Promise<readonly Published[]> {
    const composed = await this.#composeAll(messages)
    const append: Append[] = []
    const timers: TimerWrite[] = []
    for (const { event, unique, dueMs } of composed) {
      if (dueMs === undefined) append.push({ event, unique })
      else timers.push({ kind: 'set', id: timerIdOf(event, unique), dueMs, event })
    }
    const passage = this.#backpressure.enter(append.map(({ event }) => event.header.topic))
    const unit = { append, timers, sql }
    const { appended } = await (passage === undefined ? this.#store.commit(unit) : this.#pass(passage, unit))
    tell('publish', () => ({ count: append.length, positions: appended.map(({ position }) => position) }))
    let next = 0
    return composed.map(({ event, dueMs }) => {
      if (dueMs !== undefined) return { id: event.id, position: 0, duplicate: false }
      const { position, duplicate } = appended[next++]!
      return { id: event.id, position, duplicate }
    })
  }

  /** Appends to a stream, whose revision must be the expected one. */
  async append(
    stream: string,
    messages: readonly Message[],
    expected: ExpectedRevision,
  ): Promise<readonly Published[]> {
    const composed = await this.#composeAll(messages)
    const append = composed.map(({ event, unique }) => ({ event, unique, stream: { name: stream, expected } }))
    const passage = this.#backpressure.enter(append.map(({ event }) => event.header.topic))
    const { appended } = await (passage === undefined
      ? this.#store.commit({ append })
      : this.#pass(passage, { append }))
    tell('publish', () => ({ stream, positions: appended.map(({ position }) => position) }))
    return appended.map(({ position, duplicate }, index) => ({ id: append[index]!.event.id, position, duplicate }))
  }

  /** Commits when the subscriptions that limit their publishers have room. */
  async #pass(passage: Passage, unit: Unit): Promise<Committed> {
    try {
      await passage.open
      return await this.#store.commit(unit)
    } finally {
      passage.leave()
    }
  }

  async #composeAll(messages: readonly Message[]): Promise<readonly Composed[]> {
    const composed: Composed[] = []
    for (const message of messages) {
      const composing = this.#compose(message)
      // Awaited only where it must be: that costs more than the rest.
      composed.push(composing instanceof Promise ? await composing : composing)
    }
    return composed
  }

  #compose({ contract, data, options }: Message): Composed | Promise<Composed> {
    const dueMs = dueOf(options, this.#composer)
    const dated = datedBy(options, dueMs)
    const compose = (output: unknown): Composed => {
      const event = composeEvent(this.#composer, contract, this.#source, data, output, dated, undefined)
      assertAlive(event, this.#composer, dueMs)
      return { event, unique: options?.id !== undefined, dueMs }
    }
    const output = validate(contract.name, contract.schema, data)
    const admitted = this.#composer.admit(contract)
    if (admitted !== undefined) return Promise.all([output, admitted]).then(([value]) => compose(value))
    return output instanceof Promise ? output.then(compose) : compose(output)
  }
}
