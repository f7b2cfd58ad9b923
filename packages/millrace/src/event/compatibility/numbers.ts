import type { Facts } from './facts.ts'
import type { Difference, Node } from './schema.ts'
import { isIntegral } from './values.ts'

interface Bound {
  readonly value: number
  /** The value itself does not fit. */
  readonly exclusive: boolean
}

/** `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf` */
export function numberDifferences(previous: Facts, next: Node): readonly Difference[] {
  if (!previous.types.has('number')) return []
  const found: Difference[] = []
  const report = (change: string): unknown => found.push({ path: '', change })
  const lower = lowest(previous.nodes)
  for (const bound of lowerBounds(next)) {
    if (!isAtLeast(lower, bound))
      report(`may be ${bound.exclusive ? `${bound.value} or less` : `less than ${bound.value}`}`)
  }
  const upper = highest(previous.nodes)
  for (const bound of upperBounds(next)) {
    if (!isAtMost(upper, bound))
      report(`may be ${bound.exclusive ? `${bound.value} or more` : `more than ${bound.value}`}`)
  }
  const { multipleOf } = next
  if (multipleOf !== undefined && !steps(previous).some((step) => step % multipleOf === 0)) {
    report(`may be no multiple of ${multipleOf}`)
  }
  return found
}

export function numbersDisjoint(a: Facts, b: Facts): boolean {
  const misses = (upper: Bound, lower: Bound): boolean =>
    upper.value < lower.value || (upper.value === lower.value && (upper.exclusive || lower.exclusive))
  return misses(highest(a.nodes), lowest(b.nodes)) || misses(highest(b.nodes), lowest(a.nodes))
}

const steps = (facts: Facts): readonly number[] => [
  ...facts.nodes.flatMap(({ multipleOf }) => multipleOf ?? []),
  ...(isIntegral(facts) ? [1] : []),
]

const inclusive = (value: number | undefined): readonly Bound[] =>
  value === undefined ? [] : [{ value, exclusive: false }]
const exclusive = (value: number | undefined): readonly Bound[] =>
  value === undefined ? [] : [{ value, exclusive: true }]

const lowerBounds = (node: Node): readonly Bound[] => [...inclusive(node.minimum), ...exclusive(node.exclusiveMinimum)]
const upperBounds = (node: Node): readonly Bound[] => [...inclusive(node.maximum), ...exclusive(node.exclusiveMaximum)]

const isAtLeast = (a: Bound, b: Bound): boolean =>
  a.value > b.value || (a.value === b.value && (a.exclusive || !b.exclusive))
const isAtMost = (a: Bound, b: Bound): boolean =>
  a.value < b.value || (a.value === b.value && (a.exclusive || !b.exclusive))

const lowest = (nodes: readonly Node[]): Bound =>
  nodes
    .flatMap(lowerBounds)
    .reduce((a, b) => (isAtLeast(a, b) ? a : b), { value: Number.NEGATIVE_INFINITY, exclusive: false })
const highest = (nodes: readonly Node[]): Bound =>
  nodes
    .flatMap(upperBounds)
    .reduce((a, b) => (isAtMost(a, b) ? a : b), { value: Number.POSITIVE_INFINITY, exclusive: false })
