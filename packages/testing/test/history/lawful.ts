import type {
  Detour,
  Effect,
  History,
  HistoryMessage,
  HistorySubscription,
  LoggedMessage,
  Operation,
  Reader,
  Wait,
} from '@millrace/testing/history'
import fc from 'fast-check'

/** One operation of a history that is made up, and what became of it. */
interface Step {
  readonly outcome: Operation['outcome']
  /** Of an indeterminate one: whether it was committed all the same. */
  readonly committed: boolean
  readonly keys: readonly (string | null)[]
  readonly topic: 'orders' | 'noise'
  readonly way: 'plain' | 'stream' | 'later' | 'cancelled' | 'repeated' | 'asked'
  readonly before: number
  readonly after: number
  readonly derives: boolean
  readonly detours: boolean
}

const step: fc.Arbitrary<Step> = fc.record({
  outcome: fc.constantFrom('ok', 'ok', 'ok', 'failed', 'indeterminate'),
  committed: fc.boolean(),
  keys: fc.array(fc.constantFrom('a', 'b', 'c', null), { minLength: 1, maxLength: 4 }),
  topic: fc.constantFrom('orders', 'orders', 'noise'),
  way: fc.constantFrom('plain', 'plain', 'stream', 'later', 'cancelled', 'repeated', 'asked'),
  before: fc.integer({ min: 0, max: 5 }),
  after: fc.integer({ min: 0, max: 5 }),
  derives: fc.boolean(),
  detours: fc.boolean(),
})

const subscriptions: readonly HistorySubscription[] = [
  { name: 'keyed', topics: ['orders', 'noise'], order: 'key' },
  { name: 'serial', topics: ['orders', 'derived'], order: 'all' },
  { name: 'counting', topics: ['orders'], order: 'none' },
]

/** Histories of a system that keeps all its promises. */
export const lawfulHistory: fc.Arbitrary<History> = fc.array(step, { minLength: 3, maxLength: 30 }).map(play)

/** What happens, step by step, when nothing goes wrong. */
function play(steps: readonly Step[]): History {
  const world = new World()
  for (const [index, one] of steps.entries()) world.play(index, one)
  return world.history()
}

class World {
  readonly #operations: Operation[] = []
  readonly #log: LoggedMessage[] = []
  readonly #inTime: Effect[] = []
  readonly #late: Effect[] = []
  readonly #detours: Detour[] = []
  #revision = 0

  play(index: number, step: Step): void {
    const messages = step.keys.map((key, at) => {
      const message = { id: `${index}.${at}`, topic: step.topic, key }
      return step.way === 'later' ? { ...message, notBeforeMs: 1_000 } : message
    })
    const times = { invokedMs: index * 2 - step.before, endedMs: index * 2 + 1 + step.after }
    const common = { process: `p${index % 3}`, ...times, messages }
    const isDone = step.outcome === 'ok' || (step.outcome === 'indeterminate' && step.committed)
    if (step.way === 'cancelled') {
      // Publishing it was ok; the cancellation is what may fail.
      const cancels = messages.map(({ id }) => id)
      this.#operations.push({ ...common, id: `o${index}`, outcome: 'ok' })
      this.#operations.push({ ...common, id: `c${index}`, outcome: step.outcome, messages: [], cancels })
      if (!isDone) this.#publish(messages, step)
      return
    }
    const stream = step.way === 'stream' ? { stream: { name: 'stream', revision: this.#revision } } : {}
    const positions = isDone ? this.#publish(messages, step) : []
    const told = messages.map(({ id: message }) => ({ subscription: 'keyed', message, value: `answer to ${message}` }))
    const answer = { positions, ...(step.way === 'asked' ? { told } : {}) }
    const operation = { ...common, ...stream, outcome: step.outcome, ...(step.outcome === 'ok' ? answer : {}) }
    this.#operations.push({ ...operation, id: `o${index}` })
    if (step.way === 'repeated' && isDone) {
      const again = { invokedMs: times.endedMs + 50, endedMs: times.endedMs + 51, positions }
      this.#operations.push({ ...operation, id: `r${index}`, outcome: 'ok', ...again })
    }
  }

  history(): History {
    const log = this.#log
    let count = 0
    const serial = log
      .filter(({ topic }) => topic !== 'noise')
      .map(({ message, position }) => ({ subscription: 'serial', message, position }))
    const counting = log
      .filter(({ topic }) => topic === 'orders')
      .map(({ message, position }) => {
        count++
        return { subscription: 'counting', message, position, counted: [{ counter: 'all', value: count }] }
      })
    return {
      operations: this.#operations,
      subscriptions,
      effects: [...this.#inTime, ...this.#late, ...serial, ...counting],
      log,
      detours: this.#detours,
      ...observed(log),
      settled: true,
    }
  }

  #publish(messages: readonly HistoryMessage[], step: Step): readonly number[] {
    const positions = messages.map((message) =>
      this.#append(message, step.way === 'stream' ? { stream: { name: 'stream', revision: this.#revision++ } } : {}),
    )
    for (const [at, message] of messages.entries()) this.#handle(message, positions[at]!, step)
    return positions
  }

  #handle(message: HistoryMessage, position: number, { derives, detours, way }: Step): void {
    const publishes = derives ? [{ id: `${message.id}>`, topic: 'derived', key: message.key }] : []
    for (const derived of publishes) this.#append(derived, {})
    const value = way === 'asked' ? { value: `answer to ${message.id}` } : {}
    const effect = { subscription: 'keyed', message: message.id, position, publishes, ...value }
    if (detours) this.#detours.push({ subscription: 'keyed', message: message.id, reason: 'exhausted' })
    if (detours) this.#late.push(effect)
    else this.#inTime.push(effect)
  }

  #append({ id: message, topic }: HistoryMessage, place: Pick<LoggedMessage, 'stream'>): number {
    const position = this.#log.length + 1
    this.#log.push({ position, message, topic, appendedMs: 1_000 + position, ...place })
    return position
  }
}

/** A reader of all, one that began in the middle and reads one topic, and one who waited. */
function observed(log: readonly LoggedMessage[]): {
  readonly readers: readonly Reader[]
  readonly waits: readonly Wait[]
} {
  const middle = Math.floor(log.length / 2)
  const ids = log.map(({ message }) => message)
  return {
    readers: [
      { name: 'all', after: 0, through: log.length, records: log },
      {
        name: 'orders',
        topics: ['orders'],
        after: middle,
        through: log.length,
        records: log.slice(middle).filter(({ topic }) => topic === 'orders'),
      },
    ],
    waits: [
      { process: 'p0', what: 'the middle of the log', expected: ids.slice(0, middle), seen: ids.slice(0, middle + 1) },
    ],
  }
}
