import type { Io } from '../io.ts'
import { shorten } from './text.ts'

const onTerminalMs = 100
const elsewhereMs = 5_000

/** Tells on standard error how far something is: in one line that changes on a terminal, in a line now and then elsewhere. */
export class Progress {
  readonly #io: Io
  #lastMs: number
  #shown = false

  constructor(io: Io) {
    this.#io = io
    this.#lastMs = performance.now()
  }

  /** `text` is asked only when it is shown. */
  show(text: () => string): void {
    const now = performance.now()
    const isTerminal = this.#io.isErrorTerminal
    if (now - this.#lastMs < (isTerminal ? onTerminalMs : elsewhereMs)) return
    this.#lastMs = now
    this.#shown = true
    if (isTerminal) this.#io.err(`\r\x1b[K${shorten(text(), this.#io.errorWidth - 1)}`)
    else this.#io.err(`${text()}\n`)
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.#shown && this.#io.isErrorTerminal) this.#io.err('\r\x1b[K')
    this.#shown = false
  }
}
