/** Something that a process is to do in a turn of its event loop. */
export interface Task {
  readonly run: () => void
  /** Who caused it, where that was another process: what is under way from a process that dies may be lost. */
  readonly from: SimulatedProcess | undefined
  cancelled: boolean
}

/** Tasks in the order in which they came. */
export class TaskQueue {
  #tasks: Task[] = []
  #first = 0

  get isEmpty(): boolean {
    return this.#first === this.#tasks.length
  }

  add(task: Task): void {
    this.#tasks.push(task)
  }

  take(): Task {
    const task = this.#tasks[this.#first++]!
    if (this.isEmpty) this.clear()
    return task
  }

  clear(): void {
    this.#tasks = []
    this.#first = 0
  }

  /** The tasks that wait. */
  get waiting(): readonly Task[] {
    return this.#tasks.slice(this.#first)
  }
}

/**
 * One process of the simulated machine: a queue each for what its event loop takes turns with. Within a queue order holds;
 * between them the scheduler chooses.
 */
export class SimulatedProcess {
  readonly name: string
  /** Processes of one host know of each other whether they live. */
  readonly host: string
  /** A dead one does nothing any more, and nothing that it still says is heard. A frozen one goes on when it is thawed. */
  state: 'running' | 'frozen' | 'dead' = 'running'
  /** `setImmediate`, timers that are due, messages that have arrived. */
  readonly queues: readonly [immediates: TaskQueue, timers: TaskQueue, messages: TaskQueue] = [
    new TaskQueue(),
    new TaskQueue(),
    new TaskQueue(),
  ]

  constructor(name: string, host: string) {
    this.name = name
    this.host = host
  }

  get isRunnable(): boolean {
    return this.state === 'running' && this.queues.some((queue) => !queue.isEmpty)
  }
}
