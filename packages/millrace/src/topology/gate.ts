/** Lets through while it is open, and holds up while it is closed. */
export class Gate {
  #closed: PromiseWithResolvers<void> | undefined

  close(): void {
    this.#closed ??= Promise.withResolvers<void>()
  }

  open(): void {
    this.#closed?.resolve()
    this.#closed = undefined
  }

  /** Resolves when it is open. */
  async passed(): Promise<void> {
    while (this.#closed !== undefined) await this.#closed.promise
  }
}
