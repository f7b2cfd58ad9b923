import { type ErrorCode, isMillraceError } from '../../base/index.ts'
import type { Settlement, Unit } from '../../store/index.ts'
import type { Attempt, Ended } from '../attempt.ts'
import { Batch } from '../effects.ts'
import type { Work } from '../work.ts'

/** What a lane needs of its subscription. */
export interface LaneHost {
  /** Runs the attempt; the host knows how long it takes and aborts it when the subscription ends. */
  attempt(work: Work, batch: Batch): { readonly attempt: Attempt; readonly ended: Ended | Promise<Ended> }
  /** The settlement of an attempt that succeeded. */
  acknowledge(work: Work, ended: Ended & { kind: 'done' }): Settlement
  commit(unit: Unit, works: readonly Work[]): Promise<void>
  /** Takes a failed delivery down the failure path, in one unit with what went before it. Says whether its key goes on. */
  fail(work: Work, attempt: Attempt, error: unknown, before: Segment): Promise<'continue' | 'stop'>
  /** The time in milliseconds, for bounding a batch. */
  monotonic(): number
}

/** Attempts that succeeded and are not committed yet: their effects and their works. */
export interface Segment {
  readonly unit: Unit
  readonly works: readonly Work[]
}

/** After this time a batch commits what it has: others wait for its events. */
const longestBatchMs = 5
/** Optimistic concurrency: a unit that conflicts is tried again at once, this often, before it counts as a failure. */
const conflictRetries = 10

/**
 * Handles works of one order key, one after the other, and commits them together. A later work sees what an earlier one
 * wrote; if the earlier one cannot commit, the later one runs again. A handler that is slow does not hold up the commit of
 * those before it.
 * @param handled called when the last handler ended and only the commit is left
 * @returns the works that were not begun, because the key does not go on or the batch took its time
 */
export async function runLane(host: LaneHost, works: readonly Work[], handled: () => void): Promise<readonly Work[]> {
  const began = host.monotonic()
  const batch = new Batch()
  let settle: Settlement[] = []
  let open: Work[] = []
  let committed = 0
  let early: Promise<void> | undefined

  const takeSegment = (): Segment => {
    const segment = { unit: { ...batch.take(), settle }, works: open }
    settle = []
    open = []
    return segment
  }
  const commitEarly = (): void => {
    if (early !== undefined || open.length === 0) return
    const segment = takeSegment()
    early = host.commit(segment.unit, segment.works).then(() => {
      committed += segment.works.length
    })
    // It is awaited below, once the slow handler ended; until then a failure must not count as unhandled.
    early.catch(() => {})
  }

  let next = 0
  try {
    while (next < works.length) {
      const work = works[next]!
      const { attempt, ended: pending } = host.attempt(work, batch)
      let ended: Ended
      if (pending instanceof Promise) {
        attempt.onSlow = commitEarly
        ended = await pending
        attempt.onSlow = undefined
        if (early !== undefined) {
          await early
          early = undefined
        }
      } else ended = pending
      next++
      if (ended.kind === 'failed') {
        const segment = takeSegment()
        const verdict = await host.fail(work, attempt, ended.error, segment)
        committed = next
        if (verdict === 'stop') break
      } else {
        if (ended.effects !== undefined) batch.absorb(ended.effects)
        settle.push(host.acknowledge(work, ended))
        open.push(work)
      }
      if (host.monotonic() - began > longestBatchMs) break
    }
    handled()
    if (open.length > 0) {
      const segment = takeSegment()
      await host.commit(segment.unit, segment.works)
    }
    return works.slice(next)
  } catch (error) {
    if (!isConflict(error)) throw error
    const left = await redo(host, works.slice(committed, next))
    return [...left, ...works.slice(next)]
  }
}

/** Runs each work in a unit of its own, so that a conflict is laid to the one whose it is. Returns what was not begun. */
async function redo(host: LaneHost, works: readonly Work[]): Promise<readonly Work[]> {
  for (const [index, work] of works.entries()) {
    if ((await redoOne(host, work)) === 'stop') return works.slice(index + 1)
  }
  return []
}

async function redoOne(host: LaneHost, work: Work): Promise<'continue' | 'stop'> {
  const nothing: Segment = { unit: {}, works: [] }
  for (let tries = 1; ; tries++) {
    const batch = new Batch()
    const { attempt, ended: pending } = host.attempt(work, batch)
    const ended = await pending
    if (ended.kind === 'failed') return host.fail(work, attempt, ended.error, nothing)
    if (ended.effects !== undefined) batch.absorb(ended.effects)
    try {
      await host.commit({ ...batch.take(), settle: [host.acknowledge(work, ended)] }, [work])
      return 'continue'
    } catch (error) {
      if (!isConflict(error)) throw error
      if (isMillraceError(error, 'STORE_BUSY') || isMillraceError(error, 'STORE_OVERLOADED')) continue
      if (tries < conflictRetries && isOptimistic(error)) continue
      return host.fail(work, attempt, error, nothing)
    }
  }
}

/** Somebody else was faster: what was read is no longer so. */
const isOptimistic = (error: unknown): boolean =>
  isMillraceError(error, 'VERSION_CONFLICT') || isMillraceError(error, 'REVISION_CONFLICT')

const conflicts: ReadonlySet<string> = new Set<ErrorCode>([
  'VERSION_CONFLICT',
  'REVISION_CONFLICT',
  'TIMER_GONE',
  'INBOX_DUPLICATE',
  'SQL_FAILED',
  'STORE_BUSY',
  'STORE_OVERLOADED',
])

/** Errors of a commit that are about this unit alone. Others (lease lost, store stopped) end the subscription's run. */
const isConflict = (error: unknown): boolean => isMillraceError(error) && conflicts.has(error.code)
