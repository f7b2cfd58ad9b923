import type { Facts } from './facts.ts'
import type { Reading } from './reading.ts'
import type { Difference, Node, Schema } from './schema.ts'

/** What the rules may ask about the parts of what they judge. */
export interface Comparison {
  readonly reading: Reading
  /** The same comparison, but of data that may have properties which its schema does not speak of. */
  readonly exact: Comparison
  /** The facts about data that fits all of `schemas`. */
  facts(schemas: readonly Schema[]): Facts
  /** How data that fits all of `previous` may fail to fit `next`. */
  differences(previous: readonly Schema[], next: Schema): readonly Difference[]
  /** The same where facts about the data are known already. */
  unmet(previous: Facts, next: Schema): readonly Difference[]
  /** True when it is certain that no data of `a` fits `b`. */
  disjoint(a: Facts, b: Facts): boolean
}

/** How data of which `previous` is known may fail to fit some keywords of `next`. Empty only when that is certain not to be. */
export type Rule = (previous: Facts, next: Node, comparison: Comparison) => readonly Difference[]

/** True when it is certain that no data of one type fits both. */
export type DisjointRule = (a: Facts, b: Facts, comparison: Comparison) => boolean
