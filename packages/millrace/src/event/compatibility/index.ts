import { canonicalJson } from './canonical-json.ts'
import { SchemaComparison } from './comparison.ts'
import { normalise } from './normal.ts'
import type { Undeclared } from './reading.ts'
import type { Difference, JsonSchema } from './schema.ts'

export { canonicalJson } from './canonical-json.ts'
export type { Undeclared } from './reading.ts'
export type { Difference, JsonSchema } from './schema.ts'

/**
 * Which changes of a contract's schema are allowed.
 * `backward`: the next version reads what was written under the previous. `forward`: the previous reads what is written
 * under the next. `full`: both. `none`: anything goes.
 */
export type CompatibilityMode = 'backward' | 'forward' | 'full' | 'none'

/**
 * How data written under `previous` may fail to be read with `next`. The comparison is careful: what it cannot prove to be
 * readable it reports, even where a closer look would find no such data. The one exception is a `oneOf` with overlapping
 * branches, which may be widened. Schemas of the drafts 04 to 2020-12 are understood; `format` and the content keywords
 * count as demands that stay the same or go.
 *
 * @param undeclared whether data may have properties that its schema does not speak of. With `anything`, as JSON Schema has
 * it, a property can only be added where `previous` forbids others. With `absent`, optional properties can be added freely,
 * and the answer no longer holds in two steps: a property that was removed may come back as something else. So compare
 * with every schema that was ever in use, not just with the last.
 */
export function backwardDifferences(
  previous: JsonSchema,
  next: JsonSchema,
  undeclared: Undeclared = 'anything',
): readonly Difference[] {
  if (saysTheSame(previous, next)) return []
  const before = normalise(previous, 'previous')
  const after = normalise(next, 'next')
  const targets = new Map([...before.targets, ...after.targets])
  const found = new SchemaComparison({ targets, undeclared }).differences([before.schema], after.schema)
  return [...new Map(found.map((difference) => [canonicalJson(difference), difference])).values()]
}

/** What makes `next` incompatible with `previous` in `mode`. Empty: nothing. */
export function compatibilityDifferences(
  previous: JsonSchema,
  next: JsonSchema,
  mode: CompatibilityMode,
  undeclared: Undeclared = 'anything',
): readonly Difference[] {
  const backward = mode === 'backward' || mode === 'full' ? backwardDifferences(previous, next, undeclared) : []
  const forward = mode === 'forward' || mode === 'full' ? backwardDifferences(next, previous, undeclared) : []
  return [
    ...backward,
    ...forward.map(({ path, change }) => ({ path, change: `${change} (new data, read by the old contract)` })),
  ]
}

/** True when the documents differ in annotations only. */
function saysTheSame(a: JsonSchema, b: JsonSchema): boolean {
  const words = (document: JsonSchema): string => {
    const { schema, targets } = normalise(document, '')
    return canonicalJson([schema, [...targets]])
  }
  return words(a) === words(b)
}
