/** How often something goes wrong, each as a probability from 0 to 1 unless it says otherwise. */
export interface TransportFaults {
  /** A publish that is refused before anything of it is persisted. */
  readonly refusedPublishes: number
  /** A publish of which a part is persisted, and that rejects. */
  readonly partialPublishes: number
  /** A publish that is persisted, and that rejects, as its answer is lost. */
  readonly lostAnswers: number
  /** An event that is persisted twice. */
  readonly duplicates: number
  /** A batch in which another key's events come before those of keys that were published earlier. */
  readonly reorders: number
  /** An acknowledged batch that comes again, as its acknowledgement is lost. */
  readonly lostAcknowledgements: number
  /** A batch in the middle of which the connection is lost. */
  readonly lostConnections: number
  /** The longest time that a publish, an answer or a batch is under way, in milliseconds. */
  readonly delayMs: number
}

export const noFaults: TransportFaults = {
  refusedPublishes: 0,
  partialPublishes: 0,
  lostAnswers: 0,
  duplicates: 0,
  reorders: 0,
  lostAcknowledgements: 0,
  lostConnections: 0,
  delayMs: 0,
}
