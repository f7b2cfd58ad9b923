import type { FindingKind } from '@millrace/testing/history'
import type { Edit } from '../edits/edit.ts'
import type { WorkloadOptions } from '../workload/options.ts'

/**
 * Under which conditions a mutant shows what it breaks: in one process, in two beside each other, in processes that are killed,
 * or in two that are stopped in turns.
 */
export type Conditions = 'alone' | 'beside' | 'killed' | 'stopped'

/** A deliberate mistake in Millrace that the checkers must find. */
export interface Mutant {
  readonly name: string
  /** The promise that it breaks, and how. */
  readonly breaks: string
  readonly edits: readonly Edit[]
  readonly conditions: Conditions
  /** What must be found. Whatever else is found does not count. */
  readonly finding: FindingKind
  readonly workload?: Partial<WorkloadOptions>
}

/** The mutants of commits: what is acknowledged, and what is whole. */
const ofCommits: readonly Mutant[] = [
  {
    name: 'acknowledged before the commit',
    breaks: 'Callers are told that a unit is durable up to 20 ms before its transaction is committed.',
    edits: [
      {
        file: 'sqlite/commit/group-commit.ts',
        from: 'this.#begin.run()',
        to: 'if (!this.#options.database.isTransaction) this.#begin.run()',
      },
      {
        file: 'sqlite/commit/group-commit.ts',
        from: 'this.#commit.run()',
        to: 'globalThis.late ??= setTimeout(() => { globalThis.late = undefined; if (this.#options.database.isTransaction) this.#commit.run() }, 20)',
      },
      // The mark beside the file is raised when a commit is done, so here it is not.
      { file: 'sqlite/engine.ts', from: 'this.#mark?.raise(this.#writer.commitCount.value)', to: '' },
    ],
    conditions: 'killed',
    finding: 'lost',
  },
  {
    name: 'batches in parts',
    breaks: 'The messages of `publishAll` are committed one by one.',
    edits: [
      {
        file: 'messaging/publish.ts',
        from: 'const unit = { append, timers, sql }',
        to: 'const early = []; while (append.length > 1) early.push(...(await this.#store.commit({ append: [append.shift()] })).appended); const unit = { append, timers, sql }',
      },
      { file: 'messaging/publish.ts', from: 'let next = 0', to: 'appended.unshift(...early); let next = 0' },
    ],
    conditions: 'killed',
    finding: 'torn',
    workload: { kinds: ['batch', 'plain'] },
  },
  {
    name: 'refused units leave traces',
    breaks: 'The events of a unit are appended although something else of it is refused.',
    edits: [
      {
        file: 'sqlite/commit/writer.ts',
        from: 'this.#check(unit)',
        to: 'try { this.#check(unit) } catch (error) { this.#appends.apply(unit.append ?? []); throw error }',
      },
    ],
    conditions: 'alone',
    finding: 'unexpected',
    workload: { kinds: ['with-sql', 'plain'] },
  },
  {
    name: 'no deduplication',
    breaks: 'An id that the publisher chose is not looked up: publishing it again appends it again.',
    edits: [
      {
        file: 'sqlite/commit/apply-append.ts',
        from: 'const known = this.#dedup.find(event.id, scope)',
        to: 'const known = undefined',
      },
    ],
    conditions: 'alone',
    finding: 'duplicate-effect',
  },
  {
    name: 'expected revisions ignored',
    breaks: 'An append to a stream succeeds at whatever revision the stream is.',
    edits: [
      {
        file: 'sqlite/commit/apply-append.ts',
        from: 'if (after === actual) return undefined',
        to: 'if (after <= actual) return undefined',
      },
    ],
    conditions: 'beside',
    finding: 'lost-update',
    workload: { kinds: ['stream'] },
  },
  {
    name: 'versions of documents ignored',
    breaks: 'A document is written although somebody else has written it since it was read.',
    edits: [
      {
        file: 'sqlite/commit/apply-documents.ts',
        from: 'if (expected !== undefined && expected !== actual)',
        to: 'if (expected === -1)',
      },
    ],
    conditions: 'alone',
    finding: 'lost-update',
    workload: { kinds: ['plain'] },
  },
  {
    name: 'what is not handled is trimmed',
    breaks: 'Retention deletes events that a subscription has not handled yet.',
    edits: [{ file: 'sqlite/commit/apply-trims.ts', from: ', this.#floors.of(name))', to: ')' }],
    conditions: 'alone',
    finding: 'lost',
    workload: { kinds: ['trimmed'] },
  },
  {
    name: 'positions used again',
    breaks: 'Retention deletes the newest event, too, so that its position is given to another one.',
    edits: [
      { file: 'sqlite/commit/apply-trims.ts', from: 'Math.min(through, this.#log.end - 1, ', to: 'Math.min(through, ' },
    ],
    conditions: 'beside',
    finding: 'non-monotonic',
    workload: { kinds: ['trimmed'], pauseMs: 15, inFlight: 1, operations: 100 },
  },
]

/** The mutants of delivery: what is handled, once, and in which order. */
const ofDelivery: readonly Mutant[] = [
  {
    name: 'effects without the acknowledgement',
    breaks: "A handler's effects are committed first, and the acknowledgement of its event in a second commit.",
    edits: [
      {
        file: 'delivery/tenure.ts',
        from: 'await this.#runtime.store.commit(unit)',
        to: 'const { settle, ...rest } = unit; await this.#runtime.store.commit(rest); await this.#runtime.store.commit({ settle })',
      },
    ],
    conditions: 'killed',
    finding: 'duplicate-effect',
  },
  {
    name: 'acknowledgement without the effects',
    breaks: "The acknowledgement of an event is committed first, and its handler's effects in a second commit.",
    edits: [
      {
        file: 'delivery/tenure.ts',
        from: 'await this.#runtime.store.commit(unit)',
        to: 'const { settle, ...rest } = unit; await this.#runtime.store.commit({ settle }); await this.#runtime.store.commit(rest)',
      },
    ],
    conditions: 'killed',
    finding: 'lost',
  },
  {
    name: 'no fencing',
    breaks: 'The epoch of the lease is not looked at: a process that lost its subscription still commits for it.',
    edits: [
      {
        file: 'sqlite/commit/apply-settle.ts',
        from: 'if (subscription.epoch !== epoch) this.#leases.assertEpoch(subscription.lease, epoch)',
        to: '',
      },
    ],
    conditions: 'stopped',
    finding: 'duplicate-effect',
  },
  {
    name: 'order ignored on retry',
    breaks: 'Later events of a key go on while an earlier one waits for its retry.',
    edits: [{ file: 'delivery/tenure.ts', from: 'return this.#keys.has(key)', to: 'return false' }],
    conditions: 'alone',
    finding: 'reordered',
  },
  {
    name: 'keys ignored',
    breaks: 'Events of one key are handled beside each other.',
    edits: [
      {
        file: 'delivery/dispatch/dispatcher.ts',
        from: "return dispatch === 'keyed' ? key : null",
        to: 'return null',
      },
    ],
    conditions: 'alone',
    finding: 'reordered',
  },
  {
    name: 'the last one waiting goes first',
    breaks: 'Of those that wait behind a parked event of their key the last one is the next to be handled.',
    edits: [
      {
        file: 'sqlite/tables/kept.ts',
        from: "('waiting')} ORDER BY position LIMIT 1",
        to: "('waiting')} ORDER BY position DESC LIMIT 1",
      },
    ],
    conditions: 'alone',
    finding: 'reordered',
  },
  {
    name: 'cursor past a parked event',
    breaks: 'The cursor moves past a delivery that is parked, which is put nowhere.',
    edits: [
      {
        file: 'sqlite/commit/apply-settle.ts',
        from: 'else this.#kept.add(name, position, state, outcome.delivery, dueMs)',
        to: "else if (state !== 'parked') this.#kept.add(name, position, state, outcome.delivery, dueMs)",
      },
    ],
    conditions: 'alone',
    finding: 'lost',
    workload: { kinds: ['parked', 'plain'] },
  },
  {
    name: 'what is settled above the floor forgotten',
    breaks: 'After a restart everything above the first unsettled delivery is handled again.',
    edits: [{ file: 'sqlite/tables/subscriptions.ts', from: 'ranges: decodeRanges(floor, ranges)', to: 'ranges: []' }],
    conditions: 'killed',
    finding: 'duplicate-effect',
  },
  {
    name: 'a redrive loses the dead letter',
    breaks: 'A dead letter is deleted when it is redriven.',
    edits: [
      {
        file: 'sqlite/commit/kept-writes.ts',
        from: "this.#putBack(subscription, position, orderKey, 'redriven')",
        to: 'this.#kept.remove(subscription, position, orderKey)',
      },
    ],
    conditions: 'alone',
    finding: 'lost',
    workload: { kinds: ['dead'] },
  },
  {
    name: 'timers removed before they fire',
    breaks: 'A scheduled message is removed in one commit and published in the next.',
    edits: [
      {
        file: 'messaging/schedule.ts',
        from: 'await this.#store.commit({\n          timers: due',
        to: "await this.#store.commit({ timers: due.map(({ id }) => ({ kind: 'remove', id })) })\n        await this.#store.commit({ timers: [].map(() => []), ignored: due",
      },
    ],
    conditions: 'killed',
    finding: 'lost',
    workload: { kinds: ['scheduled'] },
  },
  {
    name: 'timers fire twice',
    breaks: 'A scheduled message is published although another process has published it.',
    edits: [{ file: 'sqlite/commit/apply-timers.ts', from: 'if (!there) throw', to: 'if (false) throw' }],
    conditions: 'beside',
    finding: 'duplicate',
    workload: { kinds: ['scheduled'] },
  },
  {
    name: 'timers fire early',
    breaks: 'Scheduled messages are published up to 20 ms before they are due.',
    edits: [
      {
        file: 'messaging/schedule.ts',
        from: 'dueBeforeMs: this.#clock.now()',
        to: 'dueBeforeMs: this.#clock.now() + 20',
      },
    ],
    conditions: 'alone',
    finding: 'early',
    workload: { kinds: ['scheduled'] },
  },
  {
    name: 'replies before the commit',
    breaks: 'The reply to a request is sent at once, and not with the effects of its handler.',
    edits: [
      {
        file: 'delivery/tenure.ts',
        from: 'await this.#runtime.store.commit(unit)',
        to: "const replies = (unit.append ?? []).filter(({ event }) => event.header.topic.startsWith('_')); if (replies.length > 0) await this.#runtime.store.commit({ append: replies }); await this.#runtime.store.commit({ ...unit, append: (unit.append ?? []).filter((one) => !replies.includes(one)) })",
      },
    ],
    conditions: 'killed',
    finding: 'unexpected',
    workload: { kinds: ['request'], inFlight: 32 },
  },
]

/** The mutants of reading. */
const ofReaders: readonly Mutant[] = [
  {
    name: 'a reader goes too far',
    breaks: 'A reader that comes to the end of the log leaves out the next event.',
    edits: [
      {
        file: 'messaging/stream.ts',
        from: 'after = page.scannedTo\n',
        to: 'globalThis.pages = (globalThis.pages ?? 0) + 1; after = page.scannedTo + (globalThis.pages % 5 === 0 ? 1 : 0)\n',
      },
    ],
    conditions: 'alone',
    finding: 'skipped',
  },
  {
    name: 'a reader goes backwards',
    breaks: 'A reader is given the events of a page in the wrong order.',
    edits: [
      {
        file: 'messaging/stream.ts',
        from: 'of page.records) {',
        to: 'of page.records.length === 5 ? page.records.toReversed() : page.records) {',
      },
    ],
    conditions: 'alone',
    finding: 'non-monotonic',
  },
  {
    name: 'waiting does not wait',
    breaks: 'Waiting until a service has handled everything ends at once.',
    edits: [
      {
        file: 'app/millrace.ts',
        from: 'if (settled.every((done) => done)) return',
        to: 'if (settled.length > 0) return',
      },
    ],
    conditions: 'alone',
    finding: 'stale',
    workload: { kinds: ['wait', 'plain'] },
  },
]

/** All mutants. */
export const mutants: readonly Mutant[] = [...ofCommits, ...ofDelivery, ...ofReaders]
