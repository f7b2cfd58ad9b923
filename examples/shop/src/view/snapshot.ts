/** What there is to see of the shop at a moment. */
export interface Snapshot {
  readonly ledger: string
  readonly entries: number
  /** Entries that ShoppingCart has worked through. */
  readonly line: number
  readonly events: number
  readonly eventsPerSecond: number
  readonly retries: number
  readonly deadLetters: number
  /** Messages that are published later. */
  readonly scheduled: number
  readonly completed: number
  readonly revenue: number
  readonly refunds: number
  readonly services: readonly ServiceSnapshot[]
}

export interface ServiceSnapshot {
  readonly name: string
  readonly handled: number
  /** Events that it has not handled yet. */
  readonly lag: number
  /** Events that failed and are tried again later. */
  readonly retrying: number
  readonly dead: number
}

/** Shows one snapshot after the other. */
export interface View {
  show(snapshot: Snapshot): void
  /** Leaves the terminal as it was found. */
  close(): void
}
