import { canonicalJson } from './canonical-json.ts'

/** A JSON Schema as it is published: of draft 2020-12, or of an older one down to draft-04. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown }

/** One way in which data may be that the reading schema does not accept. */
export interface Difference {
  /** Where in the data: `lines[].sku`, `[0]` in a tuple, `*` for properties without a name of their own, '' for all of it. */
  readonly path: string
  /** What the data there may be, such as "may be absent, but is required". */
  readonly change: string
}

/** The types that a JSON value can have; `integer` is a number with a constraint. */
export type JsonType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'

/** A schema in the form that the comparison works on: what `normalise` makes of a JSON Schema. */
export type Schema = boolean | Node

/** What a schema object demands, in those keywords of draft 2020-12 that `normalise` leaves. All of it must hold. */
export interface Node {
  /** A key of the comparison's targets. */
  readonly $ref?: string | undefined
  readonly type?: readonly (JsonType | 'integer')[] | undefined
  readonly enum?: readonly unknown[] | undefined
  readonly allOf?: readonly Schema[] | undefined
  readonly anyOf?: readonly Schema[] | undefined
  readonly oneOf?: readonly Schema[] | undefined
  readonly not?: Schema | undefined

  readonly minimum?: number | undefined
  readonly exclusiveMinimum?: number | undefined
  readonly maximum?: number | undefined
  readonly exclusiveMaximum?: number | undefined
  readonly multipleOf?: number | undefined

  readonly minLength?: number | undefined
  readonly maxLength?: number | undefined
  readonly pattern?: string | undefined
  readonly format?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentMediaType?: string | undefined

  readonly prefixItems?: readonly Schema[] | undefined
  /** The items after those of `prefixItems`. */
  readonly items?: Schema | undefined
  readonly minItems?: number | undefined
  readonly maxItems?: number | undefined
  readonly uniqueItems?: boolean | undefined
  readonly contains?: Schema | undefined
  readonly minContains?: number | undefined
  readonly maxContains?: number | undefined

  readonly properties?: Readonly<Record<string, Schema>> | undefined
  readonly patternProperties?: Readonly<Record<string, Schema>> | undefined
  readonly additionalProperties?: Schema | undefined
  readonly propertyNames?: Schema | undefined
  readonly required?: readonly string[] | undefined
  readonly minProperties?: number | undefined
  readonly maxProperties?: number | undefined

  /** Keywords that cannot be compared one by one. */
  readonly incomparable?: Readonly<Record<string, unknown>> | undefined
}

const keys = new WeakMap<Node, string>()

/** The same text for schemas that demand the same in the same words. */
export function keyOf(schema: Schema): string {
  if (typeof schema === 'boolean') return String(schema)
  let key = keys.get(schema)
  if (key === undefined) {
    key = canonicalJson(schema)
    keys.set(schema, key)
  }
  return key
}

/** Moves differences found at one place of the data under the place that holds it. */
export function under(place: string, differences: readonly Difference[]): readonly Difference[] {
  return differences.map(({ path, change }) => ({
    path: path === '' || path.startsWith('[') ? place + path : `${place}.${path}`,
    change,
  }))
}
