import type { EncodedEvent } from 'millrace/engine'

/** An event that a group has not acknowledged yet. */
interface Entry {
  readonly event: EncodedEvent
  /** Who has it now. */
  holder: object | undefined
}

/** A consumer group: what it is still to get, in the order in which it was published. */
export class Group {
  #entries: Entry[] = []
  matches: (topic: string) => boolean

  constructor(matches: (topic: string) => boolean) {
    this.matches = matches
  }

  /** How many events are not acknowledged. */
  get size(): number {
    return this.#entries.length
  }

  add(event: EncodedEvent): void {
    if (this.matches(event.header.topic)) this.#entries.push({ event, holder: undefined })
  }

  /**
   * Hands events to a consumer. Those of one key come in order, and to one consumer at a time.
   * @param skips whether a key is left out this time
   */
  take(holder: object, most: number, skips: () => boolean): readonly Entry[] {
    const taken: Entry[] = []
    const skipped = new Map<string, boolean>()
    for (const entry of this.#entries) {
      if (taken.length === most) break
      const { key } = entry.event
      if (entry.holder !== undefined) {
        if (key !== null) skipped.set(key, true)
        continue
      }
      const isSkipped = key === null ? skips() : (skipped.get(key) ?? skips())
      if (key !== null) skipped.set(key, isSkipped)
      if (!isSkipped) taken.push(entry)
    }
    for (const entry of taken) entry.holder = holder
    return taken
  }

  /** They are done with. */
  acknowledge(taken: readonly Entry[], holder: object): void {
    const done = new Set(taken.filter((entry) => entry.holder === holder))
    this.#entries = this.#entries.filter((entry) => !done.has(entry))
  }

  /** They come again: all that the consumer has, or these. */
  giveBack(holder: object, taken: readonly Entry[] = this.#entries): void {
    for (const entry of taken) if (entry.holder === holder) entry.holder = undefined
  }
}
