/**
 * What can be wrong with a history.
 * - `lost`: acknowledged and not there; or there and never handled.
 * - `duplicate`: a message is in the log more than once.
 * - `duplicate-effect`: a subscription has more than one effect of a message.
 * - `unexpected`: something that nobody published, or that was refused or taken back; or an answer that tells of nothing.
 * - `reordered`: effects of a key (or of a serial subscription) in another order than that of the log.
 * - `skipped`: a reader went past a record that is in the log.
 * - `non-monotonic`: positions that go back, that mean two records, or that go against the order of time.
 * - `stale`: a read did not show what it had waited for.
 * - `torn`: a part of something that is to be there whole or not at all.
 * - `lost-update`: two writes that both built on the same state.
 * - `early`: in the log before its time.
 */
export type FindingKind =
  | 'lost'
  | 'duplicate'
  | 'duplicate-effect'
  | 'unexpected'
  | 'reordered'
  | 'skipped'
  | 'non-monotonic'
  | 'stale'
  | 'torn'
  | 'lost-update'
  | 'early'

/** One thing that is wrong, with what shows it. */
export interface Finding {
  readonly kind: FindingKind
  /** A sentence for a person. */
  readonly message: string
  /** Ids and positions, as plain data. */
  readonly evidence: Readonly<Record<string, unknown>>
}
