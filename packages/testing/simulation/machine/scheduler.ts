import type { Clock } from 'millrace/engine'
import type { Random } from '../../faults/random.ts'
import { SimulatedProcess, type Task } from './process.ts'
import { Trace } from './trace.ts'

interface Timer {
  readonly dueMs: number
  readonly process: SimulatedProcess
  readonly task: Task
  /** A message that is still on its way, and joins the process's messages when it is due. */
  readonly isMessage: boolean
}

/** Captured before anything can replace it. */
const { setImmediate: nextTurn } = globalThis

const [immediates, timers, messages] = [0, 1, 2]

/** How long a step takes, in milliseconds: mostly next to nothing, sometimes as long as a collection of garbage. */
const usualStepMs = 0.03
const slowStepMs = 15
const slowStepChance = 0.004

/** Something went wrong that nobody handled: the process would have ended. */
export type OnUncaught = (process: SimulatedProcess, error: unknown) => void

/**
 * A machine with several processes, on one thread and without real time: it runs one task of one process after the other,
 * and which one is next is drawn from a seed. Between two tasks all promises settle that can. So a run is a function of its
 * seed, and a crash, a pause or a jump of the clock can be put between any two tasks.
 */
export class Scheduler {
  readonly trace: Trace
  readonly #random: Random
  readonly #processes: SimulatedProcess[] = []
  /** In the order of their due times; of those of one time, first set first. */
  readonly #timers: Timer[] = []
  /** When the last message from one process arrives at another, so that those after it do not overtake it. */
  readonly #lastArrivalMs = new Map<SimulatedProcess, Map<SimulatedProcess, number>>()
  readonly #startMs: number
  #elapsedMs = 0
  #wallOffsetMs = 0
  #current: SimulatedProcess | undefined
  #steps = 0
  readonly #afterStep: (() => void)[] = []

  /** @param startMs the wall clock at the beginning, in milliseconds since 1970 */
  constructor(random: Random, startMs: number) {
    this.#random = random
    this.#startMs = startMs
    this.trace = new Trace(() => this.#elapsedMs)
  }

  /** The process whose task runs now. */
  get current(): SimulatedProcess | undefined {
    return this.#current
  }

  /** Simulated milliseconds since the start. */
  get elapsedMs(): number {
    return this.#elapsedMs
  }

  get steps(): number {
    return this.#steps
  }

  /** The wall clock of the machine. */
  get nowMs(): number {
    return Math.floor(this.#startMs + this.#elapsedMs + this.#wallOffsetMs)
  }

  /** Sets the wall clock forward or back. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms
  }

  /** Starts a process on a host. @param host default: one of its own */
  spawn(name: string, host = name): SimulatedProcess {
    const process = new SimulatedProcess(name, host)
    this.#processes.push(process)
    return process
  }

  /** Ends a process between two tasks, or within one: what that still does has no effect on others. */
  kill(process: SimulatedProcess): void {
    process.state = 'dead'
    for (const queue of process.queues) queue.clear()
    this.#processes.splice(this.#processes.indexOf(process), 1)
    for (let index = this.#timers.length - 1; index >= 0; index--) {
      if (this.#timers[index]!.process === process) this.#timers.splice(index, 1)
    }
  }

  /** Does something when the task under way, and all that settles by it, has come to its end. */
  afterStep(task: () => void): void {
    if (this.#current === undefined) task()
    else this.#afterStep.push(task)
  }

  /** The clock as a process has it. */
  clockOf(process: SimulatedProcess): Clock {
    return {
      now: () => this.nowMs,
      monotonic: () => this.#elapsedMs,
      after: (delayMs, task) => this.after(process, delayMs, task),
    }
  }

  /** Lets the process run a task once after a time. @returns what cancels it */
  after(process: SimulatedProcess, delayMs: number, run: () => void): () => void {
    const task: Task = { run, from: undefined, cancelled: false }
    this.#setTimer({ process, dueMs: this.#elapsedMs + Math.max(0, delayMs), task, isMessage: false })
    return () => {
      task.cancelled = true
      const index = this.#timers.findIndex((timer) => timer.task === task)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  /** Lets the process run a task in its next turn. @returns what cancels it */
  soon(process: SimulatedProcess, run: () => void): () => void {
    const task: Task = { run, from: undefined, cancelled: false }
    if (process.state !== 'dead') process.queues[immediates]!.add(task)
    return () => {
      task.cancelled = true
    }
  }

  /** Sends a message from one process to another. Messages between the same two keep their order. */
  send(from: SimulatedProcess, to: SimulatedProcess, latencyMs: number, run: () => void): void {
    if (from.state === 'dead' || to.state === 'dead') return
    const task: Task = { run, from, cancelled: false }
    const lastArrivals = this.#lastArrivalMs.get(from) ?? new Map<SimulatedProcess, number>()
    this.#lastArrivalMs.set(from, lastArrivals)
    const arrivesMs = Math.max(this.#elapsedMs + latencyMs, lastArrivals.get(to) ?? 0)
    lastArrivals.set(to, arrivesMs)
    if (arrivesMs <= this.#elapsedMs) to.queues[messages]!.add(task)
    else this.#setTimer({ process: to, dueMs: arrivesMs, task, isMessage: true })
  }

  /** Takes back the newest messages from one process to another that have not been taken in yet, all but so many. */
  loseMessages(from: SimulatedProcess, to: SimulatedProcess, keep: (count: number) => number): void {
    const waiting = to.queues[messages]!.waiting.filter((task) => task.from === from)
    for (const { process, task } of this.#timers) if (process === to && task.from === from) waiting.push(task)
    for (const task of waiting.slice(keep(waiting.length))) task.cancelled = true
  }

  /** Runs tasks until `done` says so, or nothing is left that could happen, or the time is over. */
  async run(done: () => boolean, untilMs: number, onUncaught: OnUncaught): Promise<'done' | 'idle' | 'late'> {
    for (;;) {
      if (done()) return 'done'
      if (this.#elapsedMs > untilMs) return 'late'
      const process = this.#next()
      if (process === undefined) return 'idle'
      const task = this.#take(process)
      if (task.cancelled) continue
      this.#steps++
      this.#current = process
      try {
        task.run()
      } catch (error) {
        onUncaught(process, error)
      }
      // All promises that can settle do so before the next turn of the real event loop.
      await new Promise<void>((resolve) => nextTurn(resolve))
      this.#current = undefined
      for (const after of this.#afterStep.splice(0)) after()
    }
  }

  /** The process whose turn it is; time passes on the way, by as much as it takes until somebody has something to do. */
  #next(): SimulatedProcess | undefined {
    const { chance, next } = this.#random
    this.#pass(chance(slowStepChance) ? next() * slowStepMs : next() * usualStepMs)
    for (;;) {
      const runnable = this.#processes.filter((process) => process.isRunnable)
      if (runnable.length > 0) return runnable.length === 1 ? runnable[0] : this.#random.pick(runnable)
      const [timer] = this.#timers
      if (timer === undefined) return undefined
      this.#pass(timer.dueMs - this.#elapsedMs)
    }
  }

  #take(process: SimulatedProcess): Task {
    const queues = process.queues.filter((queue) => !queue.isEmpty)
    const queue = queues.length === 1 ? queues[0]! : this.#random.pick(queues)
    this.trace.mix(this.#processes.indexOf(process) * 4 + process.queues.indexOf(queue))
    return queue.take()
  }

  #pass(ms: number): void {
    this.#elapsedMs += Math.max(0, ms)
    let due = 0
    for (; due < this.#timers.length && this.#timers[due]!.dueMs <= this.#elapsedMs; due++) {
      const { process, task, isMessage } = this.#timers[due]!
      process.queues[isMessage ? messages : timers]!.add(task)
    }
    this.#timers.splice(0, due)
  }

  #setTimer(timer: Timer): void {
    if (timer.process.state === 'dead') return
    const place = this.#timers.findLastIndex((other) => other.dueMs <= timer.dueMs) + 1
    this.#timers.splice(place, 0, timer)
  }
}
