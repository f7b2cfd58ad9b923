/**
 * The deliveries of a subscription that are kept apart, and their order keys: what comes later of those keys must wait.
 * It mirrors what the store keeps. A reader may find the store as it was a moment ago, so `replace` lets what was noted
 * since win over what was read.
 */
export class BlockedKeys {
  #keys = new Map<number, string | null>()
  #counts = new Map<string, number>()
  /** On their way to being kept: no reader finds them yet. */
  readonly #expected = new Set<number>()
  /** Kept no more before it was heard that they are kept. */
  readonly #overtaken = new Set<number>()
  /** What was noted since `record`, by position; undefined: it is kept no more. */
  #noted: Map<number, string | null | undefined> | undefined

  /** How many deliveries are kept apart, those without an order key included. */
  get size(): number {
    return this.#keys.size - this.#expected.size
  }

  has(key: string): boolean {
    return this.#counts.has(key)
  }

  /** The delivery is about to be kept: from now on its key waits. */
  expect(position: number, key: string): void {
    this.#expected.add(position)
    this.#put(position, key)
  }

  /** The delivery is kept. */
  add(position: number, key: string | null): void {
    this.#expected.delete(position)
    if (this.#overtaken.delete(position)) return
    this.#noted?.set(position, key)
    this.#put(position, key)
  }

  /** The delivery is kept no more. @returns its key, if nothing of that is kept any more */
  remove(position: number): string | undefined {
    this.#noted?.set(position, undefined)
    if (this.#expected.delete(position)) this.#overtaken.add(position)
    const key = this.#keys.get(position)
    this.#keys.delete(position)
    if (key === undefined || key === null) return undefined
    const count = this.#counts.get(key)! - 1
    if (count > 0) this.#counts.set(key, count)
    else this.#counts.delete(key)
    return count > 0 ? undefined : key
  }

  /** From here on it is noted what changes, until `replace`. To be called before the store is read. */
  record(): void {
    this.#noted = new Map()
  }

  /** Takes over what a reader found. @returns the keys that do not wait any more */
  replace(found: Map<number, string | null>): string[] {
    for (const [position, key] of this.#noted ?? []) {
      if (key === undefined) found.delete(position)
      else found.set(position, key)
    }
    for (const position of this.#expected) found.set(position, this.#keys.get(position)!)
    this.#noted = undefined
    const before = this.#counts
    this.#keys = new Map()
    this.#counts = new Map()
    for (const [position, key] of found) this.#put(position, key)
    return [...before.keys()].filter((key) => !this.#counts.has(key))
  }

  #put(position: number, key: string | null): void {
    if (this.#keys.has(position)) return
    this.#keys.set(position, key)
    if (key !== null) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }
}
