import type { Edit } from '../edits/edit.ts'
import type { WorkloadOptions } from '../workload/options.ts'

/** A fragment of the product's source at which named points are put. */
interface Anchor {
  /** Below `packages/millrace/src`. */
  readonly file: string
  /** It must be in the file exactly once. */
  readonly at: string
  /** The name of the point before it. The fragment then begins a statement, on a line of its own. */
  readonly before?: string
  /** The name of the point after it. The fragment then is a whole expression. */
  readonly after?: string
  /** What a process must do to get there, where few do. */
  readonly way?: Partial<WorkloadOptions>
}

/** For longer than the third of a lease. */
const slowly = { operations: 60, inFlight: 4, pauseMs: 20 } as const

const anchors: readonly Anchor[] = [
  // The store is made.
  { file: 'sqlite/open/open.ts', at: 'createFile(file, store)', after: 'the file is made' },
  { file: 'sqlite/open/open.ts', at: 'claim(database, store)', after: 'the file is claimed' },
  {
    file: 'sqlite/open/open.ts',
    at: 'migrate(database, store)',
    before: 'before the schema',
    after: 'after the schema',
  },

  // A group of units is committed.
  { file: 'sqlite/commit/group-commit.ts', at: 'this.#begin.run()', before: 'before BEGIN', after: 'after BEGIN' },
  {
    file: 'sqlite/commit/group-commit.ts',
    at: 'entry.outcome = writer.apply(entry.unit)',
    after: 'a unit is applied',
  },
  { file: 'sqlite/commit/group-commit.ts', at: 'held.write?.()', after: 'a gathered write is done' },
  { file: 'sqlite/commit/group-commit.ts', at: 'this.#commit.run()', before: 'before COMMIT', after: 'after COMMIT' },
  {
    file: 'sqlite/engine.ts',
    at: 'this.#mark?.raise(this.#writer.commitCount.value)',
    before: 'before the mark is raised',
    after: 'after the mark is raised',
  },
  {
    file: 'sqlite/commit/group-commit.ts',
    at: 'this.#acknowledge(count)',
    before: 'before the acknowledgement',
    after: 'after the acknowledgement',
  },
  {
    file: 'sqlite/commit/group-commit.ts',
    at: 'queueMicrotask(this.#options.committed)',
    before: 'callers are told, listeners are not',
  },
  {
    file: 'sqlite/commit/group-commit.ts',
    at: 'this.#rollBack.run()',
    after: 'after ROLLBACK',
    way: { kinds: ['operated', 'retried'] },
  },

  // Each kind of write of a unit.
  { file: 'sqlite/commit/writer.ts', at: 'this.#sql.run(unit.sql)', after: 'SQL of the caller is run' },
  { file: 'sqlite/commit/writer.ts', at: 'this.#appends.apply(unit.append)', after: 'events are appended' },
  { file: 'sqlite/commit/writer.ts', at: 'this.#settlements.apply(unit.settle)', after: 'deliveries are settled' },
  { file: 'sqlite/commit/writer.ts', at: 'this.#documents.apply(unit.documents)', after: 'documents are written' },
  { file: 'sqlite/commit/writer.ts', at: 'this.#timers.apply(unit.timers)', after: 'timers are written' },
  { file: 'sqlite/commit/writer.ts', at: 'this.#writeLeases(unit.leases)', after: 'leases are written' },
  {
    file: 'sqlite/commit/writer.ts',
    at: 'this.#subscriptionWrites.apply(unit.subscriptions)',
    after: 'subscriptions are written',
  },
  { file: 'sqlite/commit/writer.ts', at: 'this.#trims.apply(unit.trims)', after: 'events are trimmed' },
  {
    file: 'sqlite/commit/apply-settle.ts',
    at: 'this.#kept.add(name, position, state, outcome.delivery, dueMs)',
    after: 'a delivery is put aside',
  },
  {
    file: 'sqlite/commit/apply-settle.ts',
    at: 'this.#kept.change(name, position, state, outcome.delivery, dueMs)',
    after: 'a delivery is put aside again',
  },
  {
    file: 'sqlite/commit/apply-settle.ts',
    at: "this.#kept.remove(name, position, this.#kept.expect(name, position, 'pending')[1])",
    after: 'a delivery is kept no more',
  },
  {
    file: 'sqlite/commit/kept-writes.ts',
    at: "this.#putBack(subscription, position, orderKey, 'redriven')",
    after: 'a dead letter is redriven',
  },
  { file: 'sqlite/tables/kept.ts', at: 'this.park(subscription, next[0])', after: 'the next of a key is made due' },

  // Leases.
  {
    file: 'delivery/subscription.ts',
    at: 'const { epoch, clean } = epochs[0]!',
    before: 'a lease is taken',
  },
  { file: 'delivery/subscription.ts', at: 'this.#failures = 0', before: 'a lease is renewed', way: slowly },
  {
    file: 'delivery/subscription.ts',
    at: "await this.#runtime.store.commit({ leases: [{ kind: 'release', name: this.#lease, epoch: this.#epoch }] })",
    before: 'before a lease is given back',
    after: 'after a lease is given back',
  },

  // A delivery is handled.
  { file: 'delivery/attempt.ts', at: 'const { filter } = target.options', before: 'before the handler' },
  {
    file: 'delivery/dispatch/run-lane.ts',
    at: 'slot.release()',
    before: 'after the handlers of a lane, before their commit',
  },
  {
    file: 'delivery/tenure.ts',
    at: 'await this.#runtime.store.commit(unit)',
    before: 'after handlers, before their commit',
    after: 'after the commit of handlers',
  },
  {
    file: 'delivery/dispatch/run-lane.ts',
    at: 'const through = this.committed + this.#settle.length',
    before: 'before the early commit of a lane',
    way: { kinds: ['parked', 'dead'], operations: 200 },
  },
  {
    file: 'delivery/tenure.ts',
    at: 'const failed = this.#failures.failed(work, attempt.options, error)',
    before: 'a handler has failed',
  },
  { file: 'delivery/tenure.ts', at: 'report()', before: 'a failed delivery is settled' },
  {
    file: 'delivery/tenure.ts',
    at: 'this.#keys.expect(work.record.position, key)',
    before: 'a delivery is to wait behind one of its key',
  },
  {
    file: 'delivery/tenure.ts',
    at: 'this.#feed.begin(work.record.position)',
    before: 'before a delivery is noted as tried',
  },
  { file: 'delivery/tenure.ts', at: 'return tried', before: 'a delivery is noted as tried' },
  { file: 'delivery/failure/kept-feed.ts', at: 'this.#host.offer(works)', after: 'kept deliveries come back' },

  // Publishers, timers, replies.
  {
    file: 'messaging/publish.ts',
    at: 'const { position, duplicate } = appended[0]!',
    before: 'a publish is committed',
  },
  { file: 'messaging/schedule.ts', at: 'const due = await this.#store.readTimers', before: 'before timers fire' },
  { file: 'messaging/request.ts', at: 'stopWaiting = this.#wait(', before: 'a request is published' },
  {
    file: 'messaging/answer.ts',
    at: 'context.publish(replyContract, reply, { subject: String(event[returnAddress]) })',
    after: 'a reply is in its unit',
  },

  // The end.
  {
    file: 'sqlite/store.ts',
    at: 'database.close()',
    before: 'before the file is closed',
    after: 'after the file is closed',
  },
]

/** A named point of the product's source. */
export interface Point {
  readonly name: string
  /** What a process does that is to get there. */
  readonly way: Partial<WorkloadOptions>
}

/** All points. */
export const points: readonly Point[] = anchors.flatMap(({ before, after, way = {} }) =>
  [before, after].filter((name) => name !== undefined).map((name) => ({ name, way })),
)

/** The edits that put the points there. Each calls what `hook.ts` has made. */
export const pointEdits: readonly Edit[] = anchors.map(({ file, at, before, after }) => {
  const first = before === undefined ? '' : `millraceFaultPoint(${JSON.stringify(before)});`
  const rest = after === undefined ? at : `millraceFaultPassed(${JSON.stringify(after)}, ${at})`
  return { file, from: at, to: first + rest, ...(before === undefined ? {} : { startsLine: true }) }
})

/** The environment variable that says at which point to kill, and at which time it is reached: `before COMMIT#3`. */
export const killVariable = 'MILLRACE_FAULT_KILL_AT'
