import { modern } from './modern.ts'
import { isObject, isSchema, referenceFinder } from './references.ts'
import type { JsonSchema, Node, Schema } from './schema.ts'

/** A document whose references are keys of `targets`. */
export interface Document {
  readonly schema: Schema
  readonly targets: ReadonlyMap<string, Schema>
}

/**
 * Brings a document into the one form that the comparison knows: only what demands something, in the words of `modern`,
 * with references made unique by `name`. A reference that leads nowhere stays as it is. What stands beside a reference
 * counts, too, as it does since draft 2019-09.
 */
export function normalise(document: JsonSchema, name: string): Document {
  const find = referenceFinder(document)
  const targets = new Map<string, Schema>()
  const resolve = (reference: string): string => {
    const found = find(reference)
    if (found === undefined) return reference
    const key = name + reference
    if (!targets.has(key)) {
      targets.set(key, true) // holds the place, because the target may refer to itself
      targets.set(key, read(found, resolve))
    }
    return key
  }
  const schema = read(document, resolve)
  for (const key of circular(targets)) targets.delete(key)
  return { schema, targets }
}

const numbers = [
  'minimum',
  'exclusiveMinimum',
  'maximum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minContains',
  'maxContains',
  'minProperties',
  'maxProperties',
] as const
const texts = ['pattern', 'format', 'contentEncoding', 'contentMediaType'] as const
const schemas = ['not', 'items', 'contains', 'additionalProperties', 'propertyNames'] as const
const lists = ['allOf', 'anyOf', 'oneOf', 'prefixItems'] as const
const maps = ['properties', 'patternProperties'] as const
/** Their meaning depends on all that stands around them, so only documents that are the same agree in them. */
const incomparable = ['unevaluatedProperties', 'unevaluatedItems', '$dynamicRef', '$recursiveRef']

type Draft = { -readonly [Keyword in keyof Node]: Node[Keyword] }

function read(document: JsonSchema, resolve: (reference: string) => string): Schema {
  if (typeof document === 'boolean') return document
  const schema = modern(document)
  const schemaOf = (value: unknown): Schema => (isSchema(value) ? read(value, resolve) : true)
  const node: Draft = {}
  for (const keyword of numbers) if (typeof schema[keyword] === 'number') node[keyword] = schema[keyword]
  for (const keyword of texts) if (typeof schema[keyword] === 'string') node[keyword] = schema[keyword]
  for (const keyword of schemas) if (isSchema(schema[keyword])) node[keyword] = schemaOf(schema[keyword])
  for (const keyword of lists) if (Array.isArray(schema[keyword])) node[keyword] = schema[keyword].map(schemaOf)
  for (const keyword of maps) {
    if (isObject(schema[keyword])) node[keyword] = record(Object.entries(schema[keyword]), schemaOf)
  }
  if (typeof schema.$ref === 'string') node.$ref = resolve(schema.$ref)
  if (schema.type !== undefined) node.type = [schema.type].flat() as unknown[] as NonNullable<Node['type']>
  if (Array.isArray(schema.enum)) node.enum = schema.enum
  if (Array.isArray(schema.required) && schema.required.length > 0) node.required = schema.required
  if (schema.uniqueItems === true) node.uniqueItems = true
  for (const keyword of incomparable) {
    if (schema[keyword] !== undefined) node.incomparable = { ...node.incomparable, [keyword]: schema[keyword] }
  }
  return Object.keys(node).length === 0 ? true : node
}

/** Free of a prototype, so that a property called `constructor` is only there when it was declared. */
export function record<T, U>(
  entries: readonly (readonly [string, T])[],
  map: (value: T) => U,
): Readonly<Record<string, U>> {
  return Object.assign(Object.create(null), Object.fromEntries(entries.map(([key, value]) => [key, map(value)])))
}

/**
 * The references that come back to themselves without a step down into the data, and those that lead to such a one. No
 * validator can apply them.
 */
function circular(targets: ReadonlyMap<string, Schema>): readonly string[] {
  const open = new Set<Schema>()
  const sound = new Set<Schema>()
  const isCircular = (schema: Schema): boolean => {
    if (typeof schema === 'boolean' || sound.has(schema)) return false
    if (open.has(schema)) return true
    open.add(schema)
    const { $ref = '', allOf = [], anyOf = [], oneOf = [], not = true } = schema
    const found = [targets.get($ref) ?? true, ...allOf, ...anyOf, ...oneOf, not].some(isCircular)
    open.delete(schema)
    if (!found) sound.add(schema)
    return found
  }
  return [...targets].flatMap(([key, target]) => (isCircular(target) ? [key] : []))
}
