import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Effect, HistoryMessage, HistorySubscription } from '@millrace/testing/history'
import {
  byError,
  type Collection,
  type Event,
  fixed,
  type HandlerContext,
  noRetry,
  type RetryPolicy,
  type Service,
  type ServiceOptions,
  type SqlStatement,
  service,
} from 'millrace'
import {
  type Answer,
  Derived,
  everything,
  Keyed,
  KeyedToo,
  Noise,
  Order,
  Plain,
  type Plan,
  Price,
  Question,
  Streamed,
  type Task,
  Timed,
  tallies,
  WithSql,
} from './contracts.ts'
import type { WorkloadOptions } from './options.ts'

/** The table of the effects. Its rows are written in the units of the handlers, so they are there exactly if those committed. */
export const effectTable = `CREATE TABLE IF NOT EXISTS effect (sequence INTEGER PRIMARY KEY, subscription TEXT NOT NULL,
  message TEXT NOT NULL, position INTEGER NOT NULL, publishes TEXT, counted TEXT, value TEXT)`
const insert =
  'INSERT INTO effect (subscription, message, position, publishes, counted, value) VALUES (?, ?, ?, ?, ?, ?)'

/** The one who has no service: its rows are written by `app.sql` along with a message. */
export const caller = 'caller'

/** Who is to handle what, as the checkers know it. */
export const subscriptions: readonly HistorySubscription[] = [
  {
    name: 'worker',
    topics: [Plain, Keyed, Timed, Streamed, WithSql, Price].map(({ topic }) => topic),
    order: 'key',
  },
  {
    name: 'mirror',
    topics: [Plain, Keyed, Timed, Streamed, WithSql, Price, Noise, Derived, Order].map(({ topic }) => topic),
    mayDrop: [Question.topic],
    order: 'all',
  },
  { name: 'crowd', topics: [Plain.topic, Noise.topic], order: 'none' },
  { name: 'auditor', topics: [Derived.topic], order: 'key' },
  { name: 'clerk', topics: [Order.topic], mayDrop: [Question.topic], order: 'key' },
  { name: caller, topics: [WithSql.topic], order: 'none' },
]

/** A failure that the message's plan asks for. */
class PlannedFailure extends Error {
  readonly retry: RetryPolicy

  constructor(id: string, retry: RetryPolicy) {
    super(`the plan of ${id} says so`)
    this.name = 'PlannedFailure'
    this.retry = retry
  }
}

const retry = byError((error) =>
  error instanceof PlannedFailure ? error.retry : fixed({ attempts: Number.POSITIVE_INFINITY, delayMs: 20 }),
)

type Extra = Pick<Effect, 'publishes' | 'counted' | 'value'>

/** The statement that writes an effect. */
export function effectStatement(
  subscription: string,
  message: string,
  position: number,
  extra: Extra = {},
): SqlStatement {
  const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value))
  const { publishes, counted, value = null } = extra
  return { text: insert, parameters: [subscription, message, position, json(publishes), json(counted), value] }
}

function leave(event: Event<Task>, context: HandlerContext, extra?: Extra): void {
  const { text, parameters } = effectStatement(context.subscription, event.data.id, context.position, extra)
  context.sql(text, ...parameters)
}

/** Handles a message as its plan says. Handlers that end at once and handlers that do not take different ways. */
function work(event: Event<Task>, context: HandlerContext): void | Promise<void> {
  const { id, plan } = event.data
  const end = (): void => {
    if (plan.dead === true) throw new PlannedFailure(id, noRetry)
    const fails = plan.fails ?? 0
    if (context.attempt <= fails) {
      throw new PlannedFailure(id, fixed({ attempts: fails + 1, delayMs: plan.retryMs ?? 0 }))
    }
    const publishes = derive(event.data, context)
    leave(event, context, publishes.length === 0 ? {} : { publishes })
  }
  return plan.slowMs === undefined ? end() : sleep(plan.slowMs).then(end)
}

/** What a handler publishes along with its effect. */
const derive = ({ id, key, plan }: Task, context: HandlerContext): readonly HistoryMessage[] =>
  (plan.derive ?? []).map((way) => {
    const data: Task = { id: `${id}>${way}`, key, plan: {} }
    const dueMs = ways[way](data, context)
    const message = { id: data.id, topic: Derived.topic, key }
    return dueMs === undefined ? message : { ...message, notBeforeMs: dueMs }
  })

const laterMs = 20

/** The ways to publish: to the log, to the log later (then the time is returned), to a stream. */
const ways: Readonly<
  Record<NonNullable<Plan['derive']>[number], (data: Task, context: HandlerContext) => number | undefined>
> = {
  done: (data, { publish }) => {
    publish(Derived, data)
    return undefined
  },
  later: (data, { publish }) => {
    const dueMs = Date.now() + laterMs
    publish(Derived, data, { at: new Date(dueMs) })
    return dueMs
  },
  stream: (data, { append }) => {
    append(`handled-${data.key}`, Derived, data)
    return undefined
  },
}

/** Raises one of a few counters, which handlers beside each other compete for. */
async function count(event: Event<Task>, context: HandlerContext): Promise<void> {
  const { id, plan } = event.data
  const counter = `tally-${id.length % 3}`
  const value =
    ((await context.documents.get(tallies as Collection<{ readonly count: number }>, counter))?.count ?? 0) + 1
  if (plan.slowMs !== undefined) await sleep(plan.slowMs)
  context.documents.put(tallies, counter, { count: value })
  leave(event, context, { counted: [{ counter, value }] })
}

function answer(event: Event<Task>, context: HandlerContext): Answer {
  const value = randomUUID()
  leave(event, context, { value })
  return { id: event.data.id, value }
}

const record = (event: Event<Task>, context: HandlerContext): void => leave(event, context)

/** The services of the workload. */
export function servicesOf({ leaseMs }: WorkloadOptions): readonly Service[] {
  // A short window, as after a death all that may have been under way is tried one at a time.
  const common: ServiceOptions = { leaseMs, whenHeld: 'wait', window: 64, poisonAfterDeaths: 3 }
  const worker = [Plain, Keyed, KeyedToo, Timed, Streamed, WithSql, Price].reduce(
    (built, contract) => built.on(contract, work, { retry }),
    service('worker', common),
  )
  return [
    worker,
    service('mirror', { ...common, dispatch: 'serial' }).on(everything, record as Parameters<Service['on']>[1]),
    [Plain, Noise].reduce(
      (built, contract) => built.on(contract, count, { retry }),
      service('crowd', { ...common, dispatch: 'concurrent', concurrency: 8 }),
    ),
    service('auditor', common).on(Derived, record),
    service('clerk', common).handle(Order, answer).answer(Question, answer),
  ]
}
