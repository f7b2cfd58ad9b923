/** The order keys of a subscription that have deliveries kept apart, with how many. What comes later of them must wait. */
export class BlockedKeys {
  readonly #counts = new Map<string, number>()
  #size = 0

  /** How many deliveries are kept apart, those without an order key included. */
  get size(): number {
    return this.#size
  }

  has(key: string): boolean {
    return this.#counts.has(key)
  }

  add(key: string | null): void {
    this.#size++
    if (key !== null) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  /** @returns true when nothing of the key is kept any more */
  remove(key: string | null): boolean {
    this.#size--
    if (key === null) return true
    const count = (this.#counts.get(key) ?? 0) - 1
    if (count > 0) {
      this.#counts.set(key, count)
      return false
    }
    this.#counts.delete(key)
    return true
  }

  /** @returns the keys that are not blocked any more */
  replace(keys: readonly (string | null)[]): string[] {
    const before = [...this.#counts.keys()]
    this.#counts.clear()
    this.#size = 0
    for (const key of keys) this.add(key)
    return before.filter((key) => !this.#counts.has(key))
  }
}
