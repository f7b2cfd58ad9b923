import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  checkHistory,
  type Finding,
  type History,
  type HistoryRecorder,
  recordHistory,
} from '@millrace/testing/history'
import { verifyStore } from 'millrace/sqlite'
import { type Life, type LifeOptions, startLife } from './life.ts'
import { type Random, randomOf } from './random.ts'
import { readStore } from './read-store.ts'
import { Noise, Price } from './workload/contracts.ts'
import { type Repeat, type WorkloadOptions, workloadDefaults } from './workload/options.ts'
import type { Report } from './workload/report.ts'
import { subscriptions } from './workload/services.ts'

/**
 * One seed of one fault: a folder with a store in it, the workload processes that work on the store, and what is known of
 * their history. All that is random comes from the seed; what is not (how far a process came when a signal met it) is why a
 * failing store is kept.
 */
export interface Trial {
  readonly seed: number
  readonly random: Random
  /** A folder of the trial's own. It is removed at the end, unless something was found. */
  readonly folder: string
  /** The path of the store that the workload works on, in `folder`. There may be `-wal`, `-shm` and `-mark` beside it. */
  readonly store: string
  /**
   * Starts a process of the workload. Several may run beside each other on the same store. Whatever is still running when
   * the trial ends is killed.
   */
  start(options?: LifeOptions): Life
  /** Waits in real time; for moments, such as how long a process is stopped. To wait for an event use `Life.until`. */
  pause(ms: number): Promise<void>
  /** Adds to a count that the report shows (such as `kills`), or that `Fault.judge` looks at. */
  count(name: string, by?: number): void
  /**
   * Lets a last process of the workload, without a fault, repeat what is to be repeated and handle all that is left, then
   * reads the store and checks the history. Processes that still run must have ended before. If the workload cannot come
   * to its end, that is a finding.
   * @throws Error when the store is damaged
   * @param options for the last process, such as an `env` that must stay
   */
  conclude(options?: LifeOptions): Promise<readonly Finding[]>
  /**
   * The history as it stands: what the processes reported, with what the store holds now (read at another path, if given).
   * @param settled whether everything had the time to be handled
   */
  history(options?: { readonly settled?: boolean; readonly store?: string }): Promise<History>
}

/** The workload has come to its end by then, or does not come to it. */
const defaultSettleWithinMs = 60_000

/** A trial that its runner ends. */
export class RunningTrial implements Trial {
  readonly seed: number
  readonly random: Random
  readonly folder: string
  readonly store: string
  readonly counts = new Map<string, number>()
  /** The history that was put together last. */
  lastHistory: History | undefined
  readonly #settleWithinMs: number
  readonly #recorder: HistoryRecorder = recordHistory()
  readonly #lives: Life[] = []
  /** What was asked for and can be asked for again, by operation. */
  readonly #repeatable = new Map<string, Repeat>()

  constructor(seed: number, settleWithinMs: number = defaultSettleWithinMs) {
    this.seed = seed
    this.#settleWithinMs = settleWithinMs
    this.random = randomOf(seed)
    this.folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'))
    this.store = join(this.folder, 'faults.db')
  }

  start(options: LifeOptions = {}): Life {
    // Letters: 'a', 'b', …
    const process = (this.#lives.length + 10).toString(36)
    const workload: WorkloadOptions = {
      ...workloadDefaults,
      path: this.store,
      seed: this.random.below(2 ** 31),
      repeat: this.#toRepeat(),
      ...options.workload,
      process,
    }
    const life = startLife(this.folder, workload, options, (report) => this.#take(process, report))
    this.#lives.push(life)
    this.count('processes')
    return life
  }

  async pause(ms: number): Promise<void> {
    await sleep(ms)
  }

  count(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by)
  }

  async conclude(options: LifeOptions = {}): Promise<readonly Finding[]> {
    const left = this.#lives.filter(({ hasEnded }) => !hasEnded)
    if (left.length > 0) throw new Error(`the processes ${left.map(({ name }) => name).join(', ')} still run`)
    await this.#assertNoneHung()
    const last = this.start({ ...options, workload: { operations: 0, ...options.workload, settle: true } })
    const late = AbortSignal.timeout(this.#settleWithinMs)
    late.addEventListener('abort', () => last.signal('SIGKILL'))
    const { finished, error, code, signal, stderr } = await last.exit
    if (!finished && !late.aborted) {
      throw new Error(`the last process ended with ${error?.message ?? code ?? signal}\n${stderr}`)
    }
    const findings = checkHistory(await this.history({ settled: finished }))
    await assertWhole(this.store)
    return finished ? findings : [...findings, this.#stuck(stderr)]
  }

  async history({ settled = false, store = this.store }: { settled?: boolean; store?: string } = {}): Promise<History> {
    const known = this.#recorder.history({ subscriptions, effects: [], log: [], settled: false })
    const streams = new Set(known.operations.flatMap(({ stream }) => (stream === undefined ? [] : [stream.name])))
    const { log, effects } = await readStore(store, streams)
    this.counts.set('operations', known.operations.length)
    for (const outcome of ['ok', 'failed', 'indeterminate'] as const) {
      this.counts.set(outcome, known.operations.filter((operation) => operation.outcome === outcome).length)
    }
    const { readers = [], waits = [] } = known
    this.counts.set(
      'records read',
      readers.reduce((sum, { records }) => sum + records.length, 0),
    )
    this.counts.set('waits', waits.length)
    this.counts.set('events', log.length)
    this.counts.set('effects', effects.length)
    this.lastHistory = { ...known, log, effects, settled, trimmedTopics: [Noise.topic, Price.topic] }
    return this.lastHistory
  }

  /** Kills what still runs. */
  async end(): Promise<void> {
    await Promise.all(this.#lives.map((life) => life.kill()))
  }

  /** Removes the folder. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** A process that hangs is never what a fault is about. */
  async #assertNoneHung(): Promise<void> {
    for (const { name, exit } of this.#lives) {
      const { error, stderr } = await exit
      if (error?.code === 'HUNG') throw new Error(`the process '${name}': ${error.message}\n${stderr}`)
    }
  }

  /** What nobody knows the outcome of, and was not asked for again since. */
  #toRepeat(): readonly Repeat[] {
    const repeats: Repeat[] = []
    const running = new Set(this.#lives.filter(({ hasEnded }) => !hasEnded).map(({ name }) => name))
    for (const { id, process } of this.#recorder.open()) {
      const repeat = this.#repeatable.get(id)
      // A process that still runs may know more of it than it has told, and act on that.
      if (repeat === undefined || running.has(process)) continue
      this.#repeatable.delete(id)
      repeats.push(repeat)
    }
    return repeats
  }

  #stuck(stderr: string): Finding {
    const seconds = this.#settleWithinMs / 1_000
    return {
      kind: 'lost',
      message: `the workload did not come to its end within ${seconds} s: what is left is not handled`,
      evidence: { stderr },
    }
  }

  #take(process: string, report: Report): void {
    switch (report.type) {
      case 'invoke': {
        const { operation: id, kind, atMs: invokedMs, messages, cancels, stream, repeat: what } = report
        const extra = { ...(cancels === undefined ? {} : { cancels }), ...(stream === undefined ? {} : { stream }) }
        this.#recorder.invoke({ id, process, invokedMs, messages, ...extra })
        if (what !== undefined) this.#repeatable.set(id, { kind, operation: id, what })
        break
      }
      case 'outcome': {
        const { operation, outcome, atMs, positions, told, code } = report
        if (code !== undefined) this.count(code)
        const answered = { ...(positions === undefined ? {} : { positions }), ...(told === undefined ? {} : { told }) }
        this.#recorder.end(operation, outcome, atMs, answered)
        break
      }
      case 'saw': {
        const { reader, after, records: flat } = report
        const records = []
        for (let index = 0; index < flat.length; index += 2) {
          records.push({ position: Number(flat[index]), message: String(flat[index + 1]) })
        }
        this.#recorder.saw(reader, after, records)
        break
      }
      case 'wait':
        this.#recorder.waited({ process, what: report.what, expected: report.expected, seen: report.seen })
        break
      case 'dead':
        this.#recorder.detour(report)
        break
      case 'point':
        this.count(`point ${report.point}`)
        break
      case 'count':
        this.count(report.name, report.by)
        break
      default:
    }
  }
}

/** @throws Error unless the file itself is whole, to the last page */
async function assertWhole(store: string): Promise<void> {
  const { ok, findings } = await verifyStore(store)
  if (ok) return
  const problems = findings.filter((finding) => !finding.ok).map(({ check, detail }) => `${check}: ${detail}`)
  throw new Error(`'${store}' is damaged: ${problems.join('; ')}`)
}
