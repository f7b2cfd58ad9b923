import { type ErrorCode, isMillraceError } from '../../base/index.ts'
import type { Settlement, Unit } from '../../store/index.ts'
import type { Attempt, Ended } from '../attempt.ts'
import type { Batch, BatchSource } from '../effects.ts'
import type { Work } from '../work.ts'
import { LazyBatch, type Slot } from './lane.ts'

/** What a lane needs of its subscription. */
export interface LaneHost {
  /** Runs the attempt; the host knows how long it takes and abandons it when the subscription ends. */
  attempt(work: Work, source: BatchSource): { readonly attempt: Attempt; readonly ended: Ended | Promise<Ended> }
  /** The settlement of an attempt that succeeded. */
  acknowledge(work: Work, ended: Ended & { kind: 'done' }): Settlement
  commit(unit: Unit): Promise<void>
  /** Takes a failed delivery down the failure path, in one unit with what went before it. Says whether its key goes on. */
  fail(work: Work, attempt: Attempt, error: unknown, before: Unit): Promise<'continue' | 'stop'>
  /** The time in milliseconds, for bounding a batch. */
  monotonic(): number
  /** Nothing more is to be begun. */
  readonly isEnding: boolean
}

/** An attempt with which a lane begins to go on by itself. */
export interface Begun extends BatchSource {
  readonly attempt: Attempt
  readonly ended: Ended
}

/** After this time a batch commits what it has: others wait for its events. */
const longestBatchMs = 5
/** Optimistic concurrency: a unit that conflicts is tried again at once, this often, before it counts as a failure. */
const conflictRetries = 10

/** What the works of a run want to change and have not committed yet. */
class Gathered {
  readonly #host: LaneHost
  readonly #batch: Batch
  #settle: Settlement[] = []
  #early: Promise<void> | undefined
  /** How many works of the run are committed. */
  committed = 0

  constructor(host: LaneHost, batch: Batch) {
    this.#host = host
    this.#batch = batch
  }

  get isEmpty(): boolean {
    return this.#settle.length === 0
  }

  add(work: Work, ended: Ended & { kind: 'done' }): void {
    if (ended.effects !== undefined) this.#batch.absorb(ended.effects)
    this.#settle.push(this.#host.acknowledge(work, ended))
  }

  take(): Unit {
    const part = { ...this.#batch.take(), settle: this.#settle }
    this.#settle = []
    return part
  }

  /** Commits what there is, as the next handler takes its time. */
  commitEarly = (): void => {
    if (this.isEmpty) return
    const through = this.committed + this.#settle.length
    this.#early = this.#host.commit(this.take()).then(() => {
      this.committed = through
    })
    this.#batch.commits(this.#early)
  }

  /** @throws what refused the unit that was committed early */
  async early(): Promise<void> {
    const early = this.#early
    this.#early = undefined
    await early
  }
}

/**
 * Handles works of one order key, one after the other, and commits them together. A later work sees what an earlier one
 * wrote; if the earlier one cannot commit, the later one runs again. A handler that is slow does not hold up the commit of
 * those before it.
 * @param slot released when the last handler ended and only the commit is left
 * @param begun the attempt of the first work, if there is one already
 * @returns the works that were not begun, because the key does not go on or the batch took its time
 */
export async function runLane(
  host: LaneHost,
  works: readonly Work[],
  slot: Slot,
  begun?: Begun,
): Promise<readonly Work[]> {
  const began = host.monotonic()
  const source = begun ?? new LazyBatch()
  const gathered = new Gathered(host, source.batch)
  let next = 0
  try {
    while (next < works.length) {
      const work = works[next]!
      const { attempt, ended: pending } = (next === 0 ? begun : undefined) ?? host.attempt(work, source)
      const ended = pending instanceof Promise ? await endOf(attempt, pending, gathered) : pending
      if (ended.kind === 'abandoned') break
      next++
      if (ended.kind === 'failed') {
        const verdict = await host.fail(work, attempt, ended.error, gathered.take())
        gathered.committed = next
        if (verdict === 'stop') break
      } else gathered.add(work, ended)
      if (host.isEnding || host.monotonic() - began > longestBatchMs) break
    }
    slot.release()
    if (!gathered.isEmpty) await host.commit(gathered.take())
    return works.slice(next)
  } catch (error) {
    if (!isAboutUnit(error)) throw error
    if (!(await slot.retake())) return works.slice(gathered.committed)
    const left = await redo(host, works.slice(gathered.committed, next))
    return [...left, ...works.slice(next)]
  }
}

async function endOf(attempt: Attempt, pending: Promise<Ended>, gathered: Gathered): Promise<Ended> {
  attempt.onSlow = gathered.commitEarly
  const ended = await pending
  attempt.onSlow = undefined
  await gathered.early()
  return ended
}

/** Runs each work in a unit of its own, so that a conflict is laid to the one whose it is. Resolves with what was not begun. */
export async function redo(host: LaneHost, works: readonly Work[]): Promise<readonly Work[]> {
  for (const [index, work] of works.entries()) {
    if (host.isEnding) return works.slice(index)
    const verdict = await redoOne(host, work)
    if (verdict !== 'continue') return works.slice(verdict === 'stop' ? index + 1 : index)
  }
  return []
}

async function redoOne(host: LaneHost, work: Work): Promise<'continue' | 'stop' | 'abandoned'> {
  for (let tries = 1; ; tries++) {
    const source = new LazyBatch()
    const { batch } = source
    const { attempt, ended: pending } = host.attempt(work, source)
    const ended = await pending
    if (ended.kind === 'abandoned') return 'abandoned'
    if (ended.kind === 'failed') return host.fail(work, attempt, ended.error, {})
    if (ended.effects !== undefined) batch.absorb(ended.effects)
    try {
      await host.commit({ ...batch.take(), settle: [host.acknowledge(work, ended)] })
      return 'continue'
    } catch (error) {
      if (!isAboutUnit(error)) throw error
      if (tries < conflictRetries && isOptimistic(error)) continue
      return host.fail(work, attempt, error, {})
    }
  }
}

/** Somebody else was faster: what was read is no longer so. */
const isOptimistic = (error: unknown): boolean =>
  isMillraceError(error, 'VERSION_CONFLICT') || isMillraceError(error, 'REVISION_CONFLICT')

const ends: ReadonlySet<string> = new Set<ErrorCode>([
  'LEASE_LOST',
  'STORE_STOPPED',
  'DELIVERY_UNKNOWN',
  'SUBSCRIPTION_UNKNOWN',
])

/** Some errors of a commit end the subscription's run; all others are about what this unit wants to change. */
export const isAboutUnit = (error: unknown): boolean => !(isMillraceError(error) && ends.has(error.code))
