import { Worker } from 'node:worker_threads'
import { type Clock, type Logger, MillraceError } from '../base/index.ts'

export interface WatchdogOptions {
  /** The event loop may stand still this long before that is reported, in milliseconds. */
  readonly blockedAfterMs: number
  /** After this time the process is killed, so that its work moves on; 0: never. */
  readonly blockedExitMs: number
}

/** What the watching thread sees of the watched one: a heartbeat, and the handler that began last. */
export const slots = { beat: 0, subscription: 1, position: 2, count: 3 } as const

/** Short-lived applications need no second thread. */
const secondThreadAfterMs = 1_000

/**
 * Notices handlers that block the event loop. The thread that is blocked can say so only afterwards; a second thread says
 * so while it lasts, also when it never ends.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #options: WatchdogOptions
  readonly #state = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT * slots.count))
  readonly #names: string[] = []
  #worker: Worker | undefined
  #cancelBeat: (() => void) | undefined
  #cancelThread: (() => void) | undefined

  constructor(clock: Clock, logger: Logger, options: WatchdogOptions) {
    this.#clock = clock
    this.#logger = logger
    this.#options = options
  }

  start(): void {
    this.#beat()
    if (this.#options.blockedExitMs > 0) this.watchNow()
    else this.#cancelThread = this.#clock.after(secondThreadAfterMs, () => this.watchNow())
  }

  /** Starts the second thread, if it does not run yet: what comes next may block at once. */
  watchNow(): void {
    this.#cancelThread?.()
    if (this.#worker === undefined) this.#startThread()
  }

  async stop(): Promise<void> {
    this.#cancelBeat?.()
    this.#cancelThread?.()
    await this.#worker?.terminate()
  }

  /** The number under which `enter` knows a subscription. */
  register(subscription: string): number {
    this.#worker?.postMessage(subscription)
    return this.#names.push(subscription) - 1
  }

  /** A handler begins. Called for every delivery, so it does no more than two writes. */
  enter(subscription: number, position: number): void {
    this.#state[slots.subscription] = subscription
    this.#state[slots.position] = position
  }

  #beat(): void {
    const began = this.#clock.monotonic()
    const everyMs = Math.max(10, this.#options.blockedAfterMs / 4)
    this.#cancelBeat = this.#clock.after(everyMs, () => {
      this.#state[slots.beat]!++
      const blockedMs = Math.round(this.#clock.monotonic() - began - everyMs)
      if (blockedMs >= this.#options.blockedAfterMs) {
        const subscription = this.#names[this.#state[slots.subscription]!] ?? 'the application'
        const error = new MillraceError('HANDLER_BLOCKED', {
          subscription,
          position: this.#state[slots.position]!,
          blockedMs,
        })
        this.#logger.error(error.message, { error })
      }
      this.#beat()
    })
  }

  #startThread(): void {
    // The file has another ending once it is built.
    const file = import.meta.url.endsWith('.ts') ? './watchdog-thread.ts' : './watchdog-thread.js'
    const workerData = { state: this.#state, names: this.#names, ...this.#options }
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData })
    this.#worker.unref()
    this.#worker.on('error', (error) => this.#logger.error('The watchdog thread has ended', { error }))
  }
}
