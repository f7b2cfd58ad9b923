import fc from 'fast-check'
import type { JsonSchema } from '../../src/event/compatibility/index.ts'

/** Few names, numbers and strings, so that schemas and data made apart from each other often meet. */
const name = fc.constantFrom('a', 'b', 'c')
const size = fc.integer({ min: 0, max: 3 })
const scalar = fc.constantFrom<unknown>(null, true, false, -1, 0, 0.5, 1, 2, 3, '', 'a', 'b', 'ab', 'abab')

const some = <T>(model: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> =>
  fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>

const numbers = some({
  type: fc.constantFrom('number', 'integer'),
  minimum: size,
  exclusiveMaximum: size,
  multipleOf: fc.constantFrom(0.5, 1, 2),
})
const strings = some({
  type: fc.constant('string'),
  minLength: size,
  maxLength: size,
  pattern: fc.constantFrom('^a', 'b$'),
})
const values = fc.oneof(
  fc.record({ enum: fc.uniqueArray(scalar, { minLength: 1, maxLength: 3 }) }),
  fc.record({
    type: fc.uniqueArray(fc.constantFrom('null', 'boolean', 'number', 'string', 'object'), { minLength: 1 }),
  }),
)

/** Schemas of which all kinds of keywords are made, none of them deep. A `oneOf` has branches that exclude each other. */
const schemas: fc.Arbitrary<JsonSchema> = fc.letrec<{ schema: JsonSchema }>((tie) => {
  const schema = tie('schema')
  const list = fc.array(schema, { minLength: 1, maxLength: 3 })
  const properties = fc.dictionary(name, schema, { maxKeys: 3 })
  const required = fc.uniqueArray(name, { maxLength: 2 })
  const tagged = fc.tuple(properties, required).map(([own, names]) => ({
    oneOf: ['x', 'y'].map((kind, i) => ({
      type: 'object',
      properties: { ...(i === 0 ? own : {}), kind: { const: kind } },
      required: ['kind', ...(i === 0 ? names : [])],
    })),
  }))
  return {
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      values,
      numbers,
      strings,
      some({ type: fc.constant('object'), properties, required, additionalProperties: schema }),
      some({
        patternProperties: fc.dictionary(fc.constantFrom('^a', 'b'), schema),
        propertyNames: strings,
        maxProperties: size,
      }),
      some({ items: schema, prefixItems: list, minItems: size, maxItems: size, uniqueItems: fc.boolean() }),
      some({ contains: schema, minContains: size, maxContains: size }),
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      some({ if: schema, then: schema, else: schema, not: schema }),
      some({ allOf: list, anyOf: list, dependentSchemas: fc.dictionary(name, schema, { maxKeys: 1 }) }),
      some({ $ref: fc.constant('#/$defs/shared'), maximum: size }),
      tagged,
      fc.boolean(),
    ),
  }
}).schema

/** Documents with a definition for their references, which may refer to itself. */
export const documents: fc.Arbitrary<JsonSchema> = fc
  .tuple(schemas, schemas)
  .map(([schema, shared]) => ({ allOf: [schema], $defs: { shared: { properties: { a: shared } } } }))

/** The shapes that typed publishers describe: objects that say nothing of further properties, lists and unions of them. */
export const shapes: fc.Arbitrary<JsonSchema> = fc.letrec<{ shape: JsonSchema; object: JsonSchema }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    values,
    numbers,
    strings,
    tie('object'),
    tie('object'),
  ),
  object: fc.oneof(
    fc.record({
      type: fc.constant('object'),
      properties: fc.dictionary(name, tie('shape'), { maxKeys: 3 }),
      required: fc.uniqueArray(name, { maxLength: 1 }),
    }),
    fc.record({ type: fc.constant('array'), items: tie('shape') }),
    fc.record({ anyOf: fc.tuple(fc.constant<JsonSchema>({ type: 'null' }), tie('shape')) }),
  ),
})).object

/** A schema, and what it became in two steps: a keyword gone, a number changed, a list turned round. */
export const histories = (
  from: fc.Arbitrary<JsonSchema>,
): fc.Arbitrary<readonly [JsonSchema, JsonSchema, JsonSchema]> => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 3 })
  return fc.tuple(from, edits, edits).map(([first, some, more]) => {
    const second = edited(first, some)
    return [first, second, edited(second, more)] as const
  })
}

/** A schema and what came after it: another one, or what became of it. */
export const changes = (from: fc.Arbitrary<JsonSchema>): fc.Arbitrary<readonly [JsonSchema, JsonSchema]> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.tuple(from, from) },
    { weight: 3, arbitrary: histories(from).map(([first, second]) => [first, second] as const) },
  )

function edited(document: JsonSchema, edits: readonly (readonly [number, number])[]): JsonSchema {
  const copy = structuredClone(document)
  for (const [place, kind] of edits) edit(copy, place, kind)
  return copy
}

type Writable = Record<string, unknown>

function edit(document: JsonSchema, place: number, kind: number): void {
  const places: [Writable, string][] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, member] of Object.entries(value)) {
      if (key !== '$defs' && key !== 'shared' && !Array.isArray(value)) places.push([value as Writable, key])
      visit(member)
    }
  }
  visit(document)
  const [holder, key] = places[place % places.length] ?? [{}, '']
  const value = holder[key]
  const least = key === 'multipleOf' ? 0.5 : 0
  if (typeof value === 'number' && kind % 3 > 0) holder[key] = kind % 3 === 1 ? value + 1 : Math.max(value - 1, least)
  else if (Array.isArray(value) && kind % 2 > 0) value.reverse()
  else delete holder[key]
}

/** Data of the same small world. */
export const data: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: scalar },
    { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.dictionary(name, tie('value'), { maxKeys: 3 }), fc.constantFrom({}, { kind: 'x' }, { kind: 'y' }))
        .map(([own, kind]) => ({ ...own, ...kind })),
    },
  ),
})).value
