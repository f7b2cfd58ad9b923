import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { type Paint, paint } from './output/paint.ts'

/** What a command is given of the process it runs in. */
export interface Surroundings {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Calls back when the process is asked to end. Until this is called, a signal ends the process at once. */
  readonly onSignal: (listener: (signal: string) => void) => void
}

/** Input and output of one command. */
export class Io {
  readonly env: Surroundings['env']
  readonly stdin: Surroundings['stdin']
  /** How to colour what goes to standard output, and to standard error. */
  readonly paint: Paint
  readonly paintError: Paint
  readonly #around: Surroundings
  readonly #interrupted = new AbortController()
  #listening = false
  #closed = false
  #failure: Error | undefined

  constructor(around: Surroundings) {
    this.#around = around
    this.env = around.env
    this.stdin = around.stdin
    this.paint = paint(around.stdout, around.env)
    this.paintError = paint(around.stderr, around.env)
    around.stdout.on('error', (error: NodeJS.ErrnoException) => {
      this.#closed = true
      // The reader of a pipe may have seen enough, as `head` does: that is no failure, and what is under way ends in order.
      if (error.code !== 'EPIPE') this.#failure ??= error
      this.#interrupted.abort('nobody reads standard output any more')
    })
    // There is nowhere left to tell that standard error cannot be written.
    around.stderr.on('error', () => {})
  }

  /** Whether somebody looks at standard output. */
  get isTerminal(): boolean {
    return this.#around.stdout.isTTY === true
  }

  get isErrorTerminal(): boolean {
    return this.#around.stderr.isTTY === true
  }

  /** How many columns there are to write to; undefined where the length of a line does not matter. */
  get width(): number | undefined {
    return this.isTerminal ? Math.max(this.#around.stdout.columns ?? 80, 20) : undefined
  }

  get errorWidth(): number {
    return this.isErrorTerminal ? Math.max(this.#around.stderr.columns ?? 80, 20) : Number.POSITIVE_INFINITY
  }

  get height(): number {
    return this.#around.stdout.rows ?? 24
  }

  /** Aborted by the first signal that asks the process to end, and when nobody reads standard output any more. */
  get interrupted(): AbortSignal {
    if (!this.#listening) {
      this.#listening = true
      this.#around.onSignal((signal) => this.#interrupted.abort(signal))
    }
    return this.#interrupted.signal
  }

  /** Writes to standard output; resolves when it was taken, so that a slow reader slows the writer. */
  out(text: string): Promise<void> {
    if (this.#closed || text === '') return Promise.resolve()
    return new Promise((resolve) => {
      this.#around.stdout.write(text, () => resolve())
    })
  }

  /** Why standard output could not be written, where it could not. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Writes to standard error. */
  err(text: string): void {
    this.#around.stderr.write(text)
  }

  /** True when both sides of a conversation are a person's. */
  get canAsk(): boolean {
    return this.#around.stdin.isTTY === true && this.isErrorTerminal
  }

  /** Asks a yes-or-no question; anything but yes is no. */
  async ask(question: string): Promise<boolean> {
    const lines = createInterface({ input: this.#around.stdin, output: this.#around.stderr })
    // Ctrl-C and Ctrl-D close it without an answer.
    const closed = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)))
    try {
      const answer = await Promise.race([lines.question(`${question} [y/N] `), closed])
      if (answer === undefined) this.err('\n')
      return /^y(es)?$/i.test(answer?.trim() ?? '')
    } finally {
      lines.close()
    }
  }
}
