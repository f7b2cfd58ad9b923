import type { Facts } from './facts.ts'
import type { Difference, Node } from './schema.ts'

const labels = ['format', 'contentEncoding', 'contentMediaType'] as const

/** `minLength`, `maxLength`, `pattern`; `format` and the content keywords, which have to stay the same or go */
export function stringDifferences(previous: Facts, next: Node): readonly Difference[] {
  if (!previous.types.has('string')) return []
  const found: Difference[] = []
  const report = (change: string): unknown => found.push({ path: '', change })
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = next
  if (shortest(previous) < minLength) report(`may be shorter than ${minLength} characters`)
  if (longest(previous) > maxLength) report(`may be longer than ${maxLength} characters`)
  if (pattern !== undefined && !hasPattern(previous, pattern)) report(`may not match the pattern ${pattern}`)
  for (const label of labels) {
    const value = next[label]
    if (value !== undefined && !previous.nodes.some((node) => node[label] === value)) {
      report(`may not have the ${label} '${value}'`)
    }
  }
  return found
}

export function stringsDisjoint(a: Facts, b: Facts): boolean {
  return longest(a) < shortest(b) || longest(b) < shortest(a)
}

/** True when `text` matches a pattern of a schema. A pattern that is no regular expression matches nothing. */
export function matches(pattern: string, text: string): boolean {
  return expressionOf(pattern)?.test(text) ?? false
}

function expressionOf(pattern: string): RegExp | undefined {
  // Drafts ask for Unicode mode, but patterns from before it are still about.
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  return undefined
}

function hasPattern({ nodes }: Facts, pattern: string): boolean {
  return nodes.some((node) => {
    const [only] = node.enum ?? []
    return node.pattern === pattern || (node.enum?.length === 1 && typeof only === 'string' && matches(pattern, only))
  })
}

const shortest = ({ nodes }: Facts): number => Math.max(0, ...nodes.map(({ minLength = 0 }) => minLength))
const longest = ({ nodes }: Facts): number =>
  Math.min(...nodes.map(({ maxLength = Number.POSITIVE_INFINITY }) => maxLength), Number.POSITIVE_INFINITY)
