import type { Facts } from './facts.ts'
import { record } from './normal.ts'
import type { Comparison } from './rule.ts'
import { type Difference, type Node, type Schema, under } from './schema.ts'
import { matches } from './strings.ts'
import { valueSets } from './values.ts'

/** `properties`, `patternProperties`, `additionalProperties`, `propertyNames`, `required`, `minProperties`, `maxProperties` */
export function objectDifferences(previous: Facts, next: Node, comparison: Comparison): readonly Difference[] {
  if (!previous.types.has('object')) return []
  const shape = shapeOf(previous, comparison)
  return [
    ...countDifferences(previous, shape, next, comparison),
    ...propertyDifferences(shape, next, previous.settled ? comparison : comparison.exact),
    ...nameDifferences(previous, shape, next, comparison),
  ]
}

export function objectsDisjoint(a: Facts, b: Facts, comparison: Comparison): boolean {
  const ofA = shapeOf(a, comparison)
  const ofB = shapeOf(b, comparison.exact)
  const properties = a.settled ? comparison : comparison.exact
  return [...requiredNames(a), ...requiredNames(b)].some((name) =>
    properties.disjoint(properties.facts(ofA.property(name)), comparison.exact.facts(ofB.property(name))),
  )
}

/** Which properties the data may have. */
interface Shape {
  /** The names that have to be looked at one by one. */
  readonly names: ReadonlySet<string>
  /** The names that are always there. */
  readonly required: ReadonlySet<string>
  /** What is known of one property where it is present. */
  property(name: string): readonly Schema[]
  /** What is known of properties with other names that match `pattern`. */
  matching(pattern: string): readonly Schema[]
  /** What is known of properties with other names that match none of `patterns`. */
  others(patterns: readonly string[]): readonly Schema[]
}

function shapeOf(facts: Facts, { exact }: Comparison): Shape {
  const { nodes, declared } = facts
  const nameSchemas: readonly Schema[] = [{ type: ['string'] }, ...nodes.flatMap((node) => node.propertyNames ?? [])]
  const nameFacts = exact.facts(nameSchemas)
  const listed = namesIn(valueSets(nameFacts)[0])
  const closed = declared !== undefined || listed !== undefined
  const names = new Set([
    ...nodes.flatMap((node) => Object.keys(node.properties ?? none)),
    ...(declared ?? []),
    ...requiredNames(facts),
    ...(listed ?? []),
  ])
  return {
    names,
    required: requiredNames(facts),
    property(name) {
      const excluded =
        (declared !== undefined && !declared.has(name)) ||
        (nameSchemas.length > 1 && exact.disjoint(exact.facts([{ enum: [name] }]), nameFacts))
      return excluded ? [false] : nodes.flatMap((node) => schemasOf(node, name))
    },
    matching: (pattern) =>
      closed ? [false] : nodes.map((node) => node.patternProperties?.[pattern] ?? unnamed(node, [])),
    others: (patterns) => (closed ? [false] : nodes.map((node) => unnamed(node, patterns))),
  }
}

/** What `node` demands of a property that it does not name and that matches none of `patterns`. */
function unnamed({ patternProperties = none, additionalProperties = true }: Node, patterns: readonly string[]): Schema {
  const possible = Object.entries(patternProperties).filter(([pattern]) => !patterns.includes(pattern))
  if (possible.length === 0) return additionalProperties
  return { anyOf: [...possible.map(([, schema]) => schema), additionalProperties] }
}

const none: Readonly<Record<string, Schema>> = record<Schema, Schema>([], (schema) => schema)

/** What `node` demands of the property `name`. */
function schemasOf(
  { properties = none, patternProperties = none, additionalProperties = true }: Node,
  name: string,
): readonly Schema[] {
  const own = properties[name]
  const byPattern = Object.entries(patternProperties).flatMap(([pattern, schema]) =>
    matches(pattern, name) ? [schema] : [],
  )
  const all = own === undefined ? byPattern : [own, ...byPattern]
  return all.length > 0 ? all : [additionalProperties]
}

/** Values of `enum`, as canonical JSON, that are strings. */
function namesIn(values: ReadonlySet<string> | undefined): readonly string[] | undefined {
  return values && [...values].map((value): unknown => JSON.parse(value)).filter((name) => typeof name === 'string')
}

const requiredNames = ({ nodes }: Facts): ReadonlySet<string> => new Set(nodes.flatMap((node) => node.required ?? []))

function propertyDifferences(shape: Shape, next: Node, comparison: Comparison): readonly Difference[] {
  const { properties = none, patternProperties = none, additionalProperties = true } = next
  const names = new Set([...shape.names, ...Object.keys(properties)])
  return [
    ...[...names].flatMap((name) =>
      schemasOf(next, name).flatMap((schema) => under(name, comparison.differences(shape.property(name), schema))),
    ),
    ...Object.entries(patternProperties).flatMap(([pattern, schema]) =>
      under(`/${pattern}/`, comparison.differences(shape.matching(pattern), schema)),
    ),
    ...under('*', comparison.differences(shape.others(Object.keys(patternProperties)), additionalProperties)),
  ]
}

/** `required`, `minProperties`, `maxProperties` */
function countDifferences({ nodes }: Facts, shape: Shape, next: Node, comparison: Comparison): readonly Difference[] {
  const { required = [], minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = next
  const found: Difference[] = required
    .filter((name) => !shape.required.has(name))
    .map((name) => ({ path: name, change: 'may be absent, but is required' }))
  const fewest = Math.max(shape.required.size, ...nodes.map((node) => node.minProperties ?? 0))
  if (fewest < minProperties) found.push({ path: '', change: `may have fewer than ${minProperties} properties` })
  const possible = possibleNames(shape, comparison)?.length ?? Number.POSITIVE_INFINITY
  const most = Math.min(possible, ...nodes.map((node) => node.maxProperties ?? Number.POSITIVE_INFINITY))
  if (most > maxProperties) found.push({ path: '', change: `may have more than ${maxProperties} properties` })
  return found
}

/** `propertyNames` */
function nameDifferences({ nodes }: Facts, shape: Shape, next: Node, comparison: Comparison): readonly Difference[] {
  const { propertyNames } = next
  if (propertyNames === undefined) return []
  const { exact } = comparison
  const possible = possibleNames(shape, comparison)
  if (possible !== undefined) {
    return possible
      .filter((name) => exact.differences([{ enum: [name] }], propertyNames).length > 0)
      .map((name) => ({ path: name, change: 'may be there, but has a name that is not accepted' }))
  }
  const known: readonly Schema[] = [{ type: ['string'] }, ...nodes.flatMap((node) => node.propertyNames ?? [])]
  return exact
    .differences(known, propertyNames)
    .map(({ change }) => ({ path: '', change: `may have a property whose name ${change}` }))
}

/** The names of all properties that the data may have; undefined where it is open. */
function possibleNames(shape: Shape, comparison: Comparison): readonly string[] | undefined {
  const may = (schemas: readonly Schema[]): boolean => !comparison.facts(schemas).never
  return may(shape.others([])) ? undefined : [...shape.names].filter((name) => may(shape.property(name)))
}
