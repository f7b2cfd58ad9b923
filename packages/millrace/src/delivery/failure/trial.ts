/**
 * After a process died while it handled deliveries, nobody knows which of them killed it. So the next owner of the
 * subscription tries every delivery that may have been under way by itself, and notes it in the store before its handler
 * begins: whatever is noted when the process dies again is the culprit.
 */
export class Trial {
  readonly #through: number
  readonly #onEnd: () => void
  #logSuspects: number
  #outstanding = 0
  #on: boolean

  /**
   * @param window how many deliveries of the log may have been under way; 0 when the previous owner ended in order
   * @param through the newest position that may have been delivered
   */
  constructor(window: number, through: number, onEnd: () => void) {
    this.#logSuspects = window
    this.#through = through
    this.#onEnd = onEnd
    this.#on = window > 0
  }

  get isOn(): boolean {
    return this.#on
  }

  /** Says whether a delivery that comes in now may have been under way. */
  suspects(position: number, kept: boolean): boolean {
    if (!this.#on) return false
    const suspect = kept || (position <= this.#through && this.#logSuspects > 0)
    if (suspect) this.#outstanding++
    if (kept) return suspect
    if (suspect) this.#logSuspects--
    else {
      this.#logSuspects = 0
      this.#endIfDone()
    }
    return suspect
  }

  /** A suspect was tried, and the process lives. */
  acquit(): void {
    this.#outstanding--
    this.#endIfDone()
  }

  #endIfDone(): void {
    if (!this.#on || this.#outstanding > 0 || this.#logSuspects > 0) return
    this.#on = false
    this.#onEnd()
  }
}
