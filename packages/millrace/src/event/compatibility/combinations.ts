import type { Facts } from './facts.ts'
import type { Comparison } from './rule.ts'
import type { Difference, Node, Schema } from './schema.ts'

/** `anyOf` */
export function anyOfDifferences(previous: Facts, { anyOf }: Node, comparison: Comparison): readonly Difference[] {
  if (anyOf === undefined) return []
  return closest(previous, anyOf, comparison, (branch) => comparison.unmet(previous, branch))
}

/** `oneOf` */
export function oneOfDifferences(previous: Facts, { oneOf }: Node, comparison: Comparison): readonly Difference[] {
  if (oneOf === undefined) return []
  return closest(previous, oneOf, comparison, (branch) => {
    const unmet = comparison.unmet(previous, branch)
    if (unmet.length > 0) return unmet
    const alone = oneOf.every((other) => other === branch || excludes(previous, other, comparison))
    return alone ? [] : [{ path: '', change: 'may fit more than one alternative of oneOf' }]
  })
}

/**
 * True when data of one alternative does not fit `other`, or when the two may have overlapped before. The latter is trust:
 * who writes a `oneOf` of overlapping branches means a choice, and is allowed to widen them. Strictly, data of one branch is
 * lost where another is widened over it. Branches that exclude each other, as in a tagged union, need no trust.
 */
function excludes(previous: Facts, other: Schema, comparison: Comparison): boolean {
  if (comparison.disjoint(previous, comparison.exact.facts([other]))) return true
  return previous.rivals.some(
    (rival) =>
      comparison.exact.differences([rival], other).length === 0 &&
      !comparison.disjoint(previous, comparison.exact.facts([rival])),
  )
}

/** `not` */
export function notDifferences(previous: Facts, { not }: Node, comparison: Comparison): readonly Difference[] {
  if (not === undefined) return []
  const { exact } = comparison
  const excluded =
    comparison.disjoint(previous, exact.facts([not])) ||
    previous.nodes.some((node) => node.not !== undefined && exact.differences([not], node.not).length === 0)
  return excluded ? [] : [{ path: '', change: 'may be what is excluded by not' }]
}

/** References that lead nowhere, and keywords whose meaning depends on everything around them. */
export function incomparableDifferences(previous: Facts, next: Node, { reading }: Comparison): readonly Difference[] {
  const { $ref, incomparable = {} } = next
  const unknown = $ref !== undefined && !reading.targets.has($ref) && !previous.nodes.some((node) => node.$ref === $ref)
  return [...(unknown ? [`$ref ${$ref}`] : []), ...Object.keys(incomparable)].map((keyword) => ({
    path: '',
    change: `may not fit ${keyword}, which cannot be compared`,
  }))
}

/** The differences from the alternative that is met, else from the one that comes closest. */
function closest(
  previous: Facts,
  branches: readonly Schema[],
  comparison: Comparison,
  judge: (branch: Schema) => readonly Difference[],
): readonly Difference[] {
  const attempts: { readonly branch: Schema; readonly unmet: readonly Difference[] }[] = []
  for (const branch of branches) {
    const unmet = judge(branch)
    if (unmet.length === 0) return []
    attempts.push({ branch, unmet })
  }
  const distance = (branch: Schema): number => {
    // Nobody sees the answer for undecided data: it is asked again for each of its alternatives.
    if (previous.choices.length > 0) return 0
    const facts = comparison.exact.facts([branch])
    if (!comparison.disjoint(previous, facts)) return 0
    return [...previous.types].some((type) => facts.types.has(type)) ? 1 : 2
  }
  const ranked = attempts.map(({ branch, unmet }) => ({ unmet, distance: distance(branch) }))
  const [best] = ranked.sort((a, b) => a.distance - b.distance || a.unmet.length - b.unmet.length)
  return best?.unmet ?? [{ path: '', change: 'may be there, but is not accepted' }]
}
