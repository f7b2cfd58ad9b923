import { canonicalJson } from './canonical-json.ts'
import type { Facts } from './facts.ts'
import type { Difference, Node } from './schema.ts'

/** `type` */
export function typeDifferences(previous: Facts, { type }: Node): readonly Difference[] {
  if (type === undefined) return []
  const refused = [...previous.types].filter((one) => !type.includes(one))
  const found = refused.filter((one) => one !== 'number' || !type.includes('integer')).map((one) => nouns[one])
  const fraction = found.length < refused.length && !isIntegral(previous)
  return [
    ...(found.length > 0 ? [{ path: '', change: `may be ${found.join(' or ')}, which is not accepted` }] : []),
    ...(fraction ? [{ path: '', change: 'may be a fraction, but only integers are accepted' }] : []),
  ]
}

const nouns = {
  null: 'null',
  boolean: 'a boolean',
  number: 'a number',
  string: 'a string',
  array: 'an array',
  object: 'an object',
} as const

/** True when all numbers that fit are integers. */
export function isIntegral({ nodes }: Facts): boolean {
  return nodes.some(
    ({ type, multipleOf }) =>
      (type?.includes('integer') && !type.includes('number')) || (multipleOf !== undefined && multipleOf % 1 === 0),
  )
}

/** `enum`, and `const`, which is one of a single value */
export function valueDifferences(previous: Facts, next: Node): readonly Difference[] {
  if (next.enum === undefined) return []
  const accepted = new Set(next.enum.map(canonicalJson))
  const refused = valueSets(previous)
    .map((values) => [...values].filter((value) => !accepted.has(value)))
    .sort((a, b) => a.length - b.length)[0]
  if (refused === undefined) return [{ path: '', change: `may be other than ${[...accepted].join(', ')}` }]
  return refused.map((value) => ({ path: '', change: `may be ${value}, which is not accepted` }))
}

export function valuesDisjoint(a: Facts, b: Facts): boolean {
  const others = valueSets(b)
  return valueSets(a).some((values) => others.some((other) => [...values].every((value) => !other.has(value))))
}

/** Sets of values, as canonical JSON, each of which holds all data that fits. They are not intersected. */
export function valueSets({ nodes, types }: Facts): readonly ReadonlySet<string>[] {
  const sets = nodes.flatMap((node) => (node.enum === undefined ? [] : [new Set(node.enum.map(canonicalJson))]))
  if (types.size > 0 && [...types].every((type) => type === 'null' || type === 'boolean')) {
    sets.push(new Set([...(types.has('null') ? ['null'] : []), ...(types.has('boolean') ? ['false', 'true'] : [])]))
  }
  return sets
}
