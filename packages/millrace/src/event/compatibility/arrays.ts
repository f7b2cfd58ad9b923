import type { Facts } from './facts.ts'
import type { Comparison } from './rule.ts'
import { type Difference, type Node, type Schema, under } from './schema.ts'

/** `prefixItems`, `items`, `minItems`, `maxItems`, `uniqueItems`, `contains` */
export function arrayDifferences(previous: Facts, next: Node, comparison: Comparison): readonly Difference[] {
  if (!previous.types.has('array')) return []
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, uniqueItems = false } = next
  const most = mostItems(previous)
  const found: Difference[] = []
  if (fewestItems(previous) < minItems) found.push({ path: '', change: `may have fewer than ${minItems} items` })
  if (most > maxItems) found.push({ path: '', change: `may have more than ${maxItems} items` })
  if (uniqueItems && most > 1 && !previous.nodes.some((node) => node.uniqueItems)) {
    found.push({ path: '', change: 'may have the same item twice' })
  }
  return [
    ...found,
    ...itemDifferences(previous, next, most, comparison),
    ...containsDifferences(previous, next, comparison),
  ]
}

function itemDifferences(previous: Facts, next: Node, most: number, comparison: Comparison): readonly Difference[] {
  const length = prefixLength([...previous.nodes, next])
  const found: Difference[] = []
  const items = previous.settled ? comparison : comparison.exact
  // One more than the longest prefix stands for all items after it.
  for (let i = 0; i <= length && i < most; i++) {
    const place = i === length ? '[]' : `[${i}]`
    found.push(...under(place, items.differences(itemsAt(previous, i), itemAt(next, i))))
  }
  return found
}

function containsDifferences({ nodes }: Facts, next: Node, comparison: Comparison): readonly Difference[] {
  const { contains, minContains = 1, maxContains } = next
  if (contains === undefined) return []
  const found: Difference[] = []
  const enough = nodes.some(
    (node) =>
      node.contains !== undefined &&
      (node.minContains ?? 1) >= minContains &&
      comparison.exact.differences([node.contains], contains).length === 0,
  )
  if (minContains > 0 && !enough) found.push({ path: '', change: 'may lack the items that it has to contain' })
  const notTooMany = nodes.some(
    (node) =>
      node.contains !== undefined &&
      (node.maxContains ?? Number.POSITIVE_INFINITY) <= (maxContains ?? Number.POSITIVE_INFINITY) &&
      comparison.exact.differences([contains], node.contains).length === 0,
  )
  if (maxContains !== undefined && !notTooMany) {
    found.push({ path: '', change: `may contain more than ${maxContains} of the items that it has to contain` })
  }
  return found
}

const itemAt = ({ prefixItems = [], items = true }: Node, i: number): Schema => prefixItems[i] ?? items
const itemsAt = ({ nodes }: Facts, i: number): readonly Schema[] => nodes.map((node) => itemAt(node, i))
const prefixLength = (nodes: readonly Node[]): number =>
  Math.max(0, ...nodes.map(({ prefixItems = [] }) => prefixItems.length))

const fewestItems = ({ nodes }: Facts): number =>
  Math.max(
    0,
    ...nodes.map(({ minItems = 0, contains, minContains = 1 }) =>
      contains === undefined ? minItems : Math.max(minItems, minContains),
    ),
  )

/** An array ends before the first item that cannot be. */
function mostItems(facts: Facts): number {
  const most = Math.min(
    ...facts.nodes.map(({ maxItems = Number.POSITIVE_INFINITY }) => maxItems),
    Number.POSITIVE_INFINITY,
  )
  const places = prefixLength(facts.nodes) + 1
  for (let i = 0; i < places && i < most; i++) if (itemsAt(facts, i).includes(false)) return i
  return most
}
