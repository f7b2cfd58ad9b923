import { type Application, isMillraceError, message, type Published, type Service } from 'millrace'
import type { Answered, HistoryRecorder, Outcome } from '../../src/history/index.ts'
import { Charge, Entered, Noted, Ordered } from './contracts.ts'
import type { PlannedMessage, PlannedOperation } from './operations.ts'

/** Errors that say for certain that nothing was done. */
const refusals = new Set(['STORE_BUSY', 'STORE_OVERLOADED', 'APP_NOT_RUNNING'])
/** Errors that leave open what was done, as they may come of faults. */
const openEnds = new Set(['STORE_STOPPED', 'REQUEST_TIMEOUT'])

export interface ClientOptions {
  readonly app: Application
  /** Its name in the history. */
  readonly process: string
  readonly recorder: HistoryRecorder
  newOperationId(): string
  elapsedMs(): number
  /** The wall clock at the start. */
  readonly startMs: number
  /** The wall clock may be set back, so that nothing can be said of what came too early. */
  readonly jumps: boolean
  /** Messages that were acknowledged to clients of the site, and are in the log. */
  readonly acknowledged: Set<string>
  /** Deliveries may fail, so that nothing can be said of what is handled when a wait is over. */
  readonly fails: boolean
  note(what: string): void
  sleep(ms: number): Promise<void>
  /** The services of the process, by name; those that are stopped just now are not there. */
  readonly services: Map<string, Service>
}

/** What came of an operation. */
interface Performed {
  readonly outcome: Outcome
  /** Something that must never be. */
  readonly wrong?: string
}

const contracts = {
  publish: Ordered,
  'publish-all': Ordered,
  note: Noted,
  schedule: Ordered,
  append: Entered,
  request: Charge,
}

/** Asks it of the system and records what came of it. */
export async function perform(operation: PlannedOperation, options: ClientOptions): Promise<Performed> {
  const { app, process, recorder, elapsedMs, note } = options
  const { kind, messages, stream } = operation
  if (kind === 'wait') return wait(options)
  if (kind === 'swap') return swap(operation, options)
  const about = `${kind} ${messages.map(({ token }) => token).join(' ')}`
  if (kind === 'append' && operation.revision === undefined) {
    try {
      operation.revision = (await app.readStream(stream)).length
    } catch (error) {
      return judge(operation, about, error)
    }
  }
  const dueMs = Math.ceil(options.startMs + operation.dueMs)
  const due = kind === 'schedule' && !options.jumps ? { notBeforeMs: dueMs } : {}
  const { topic } = contracts[kind]
  const id = options.newOperationId()
  recorder.invoke({
    id,
    process,
    invokedMs: elapsedMs(),
    messages: messages.map(({ token, key }) => ({ id: token, topic, key, ...due })),
    ...(operation.revision !== undefined && { stream: { name: stream, revision: operation.revision } }),
  })
  note(about)
  try {
    const answered = await ask(kind, operation, app, dueMs)
    note(`${about}: ok ${JSON.stringify(answered)}`)
    recorder.end(id, 'ok', elapsedMs(), answered)
    for (const [index, { token }] of messages.entries()) {
      if (answered.positions?.[index] !== undefined && kind !== 'note') options.acknowledged.add(token)
    }
    return { outcome: 'ok' }
  } catch (error) {
    const performed = judge(operation, about, error)
    note(`${about}: ${performed.outcome}, ${String(error)}`)
    recorder.end(id, performed.outcome, elapsedMs())
    return performed
  }
}

/** Waits until everything is handled that was acknowledged before, and looks whether it is. */
async function wait({ app, process, recorder, acknowledged, fails, note }: ClientOptions): Promise<Performed> {
  const subscription = 'watcher'
  const expected = [...acknowledged]
  note(`waits for ${expected.length} messages`)
  try {
    await app.idle([subscription])
    const rows = await app.query('SELECT message FROM effect WHERE subscription = ?', subscription)
    const seen = rows.map(({ message }) => String(message))
    note(`has waited: ${seen.length} effects`)
    if (!fails) recorder.waited({ process, what: subscription, expected, seen })
    return { outcome: 'ok' }
  } catch (error) {
    const { outcome, wrong } = judge({}, 'a wait', error)
    note(`has waited: ${outcome}, ${String(error)}`)
    return { outcome, ...(wrong !== undefined && { wrong }) }
  }
}

/** Stops a service of the process for a moment. */
async function swap({ service: name, ttlMs }: PlannedOperation, options: ClientOptions): Promise<Performed> {
  const { app, note, sleep, services } = options
  const service = services.get(name)
  if (service === undefined) return { outcome: 'ok' }
  services.delete(name)
  note(`stops ${name}`)
  try {
    await app.unsubscribe(name)
  } catch (error) {
    // It is stopped all the same; its lease lapses.
    const { wrong } = judge({}, `stopping ${name}`, error)
    if (wrong !== undefined) return { outcome: 'failed', wrong }
  }
  for (;;) {
    await sleep(ttlMs / 4)
    try {
      await app.subscribe(service)
      services.set(name, service)
      note(`runs ${name} again`)
      return { outcome: 'ok' }
    } catch (error) {
      const { outcome, wrong } = judge({}, `running ${name} again`, error)
      note(`does not run ${name}: ${String(error)}`)
      if (wrong !== undefined) return { outcome, wrong }
      if (isMillraceError(error, 'APP_NOT_RUNNING') || isMillraceError(error, 'STORE_STOPPED')) return { outcome }
    }
  }
}

function judge(operation: Pick<PlannedOperation, 'revision'>, about: string, error: unknown): Performed {
  const code = isMillraceError(error) ? error.code : String(error)
  // The handler has answered, if only that it gave up; and an answer is kept.
  if (code === 'REQUEST_FAILED') return { outcome: 'ok' }
  if (code === 'REVISION_CONFLICT') {
    delete operation.revision
    return { outcome: 'failed' }
  }
  if (refusals.has(code)) return { outcome: 'failed' }
  return { outcome: 'indeterminate', ...(!openEnds.has(code) && { wrong: `${about} ended with ${code}` }) }
}

async function ask(
  kind: keyof typeof contracts,
  { messages, chosenIds, stream, revision, ttlMs }: PlannedOperation,
  app: Application,
  dueMs: number,
): Promise<Answered> {
  const idOf = ({ token }: PlannedMessage) => (chosenIds ? { id: `id-${token}` } : {})
  const [first] = messages
  switch (kind) {
    case 'publish':
      return positionsOf([await app.publish(Ordered, first!, idOf(first!))])
    case 'publish-all':
      return positionsOf(await app.publishAll(messages.map((each) => message(Ordered, each, idOf(each)))))
    case 'schedule':
      return positionsOf([await app.publish(Ordered, first!, { ...idOf(first!), at: new Date(dueMs) })])
    case 'append': {
      const expectedRevision = revision === 0 ? 'none' : revision! - 1
      const entries = messages.map((each) => message(Entered, each, idOf(each)))
      return positionsOf(await app.append(stream, entries, { expectedRevision }))
    }
    case 'note':
      return positionsOf([await app.publish(Noted, first!, { ...idOf(first!), ttlMs })])
    case 'request': {
      const value = await app.request(Charge, first!, { ...idOf(first!), timeoutMs: 2_000 })
      return { told: [{ subscription: 'teller', message: first!.token, value }] }
    }
  }
}

/** A scheduled message has no place yet. */
const positionsOf = (published: readonly Published[]): Answered => ({
  positions: published.map(({ position }) => (position === 0 ? undefined : position)),
})
