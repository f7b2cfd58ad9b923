/**
 * Something that is kept in memory beside the file, so that most units need not read it. The group commit tells it what
 * became of the transaction that it took part in.
 */
export interface Held {
  /** Writes what was gathered over the group, while the transaction is open. */
  write?(): void
  /** The transaction is durable. */
  committed?(): void
  /** Nothing of the transaction happened. */
  rolledBack?(): void
  /** Another process has committed something. Called when no transaction of this process has uncommitted changes. */
  foreign?(): void
}

/** What all parts of the group under way know about it. */
export interface Group {
  /** Wall-clock time of the group, in milliseconds. */
  nowMs: number
  /** Events were deleted. */
  trimmed: boolean
}
