import { isObject, type SchemaObject } from './references.ts'

/**
 * Says the same as `schema` in fewer words of draft 2020-12: `const` becomes an `enum` of one, `if` and dependencies become
 * alternatives, tuples are `prefixItems`, and exclusive bounds are numbers. Only the schema itself, not what it contains.
 */
export function modern(schema: SchemaObject): SchemaObject {
  const all = [...(Array.isArray(schema.allOf) ? schema.allOf : []), ...conditions(schema), ...dependencies(schema)]
  if ('const' in schema) all.push({ enum: [schema.const] })
  return {
    ...schema,
    ...bound(schema, 'minimum', 'exclusiveMinimum'),
    ...bound(schema, 'maximum', 'exclusiveMaximum'),
    ...(Array.isArray(schema.items) && { prefixItems: schema.items, items: schema.additionalItems }),
    ...(all.length > 0 && { allOf: all }),
  }
}

/** In draft-04 `exclusiveMinimum` is a boolean that belongs to `minimum`. */
function bound(schema: SchemaObject, inclusive: string, exclusive: string): SchemaObject {
  return schema[exclusive] === true ? { [inclusive]: undefined, [exclusive]: schema[inclusive] } : {}
}

function conditions(schema: SchemaObject): readonly SchemaObject[] {
  const { if: condition, then = true, else: otherwise = true } = schema
  return condition === undefined ? [] : [{ anyOf: [{ not: condition }, then] }, { anyOf: [condition, otherwise] }]
}

function dependencies(schema: SchemaObject): readonly SchemaObject[] {
  return ['dependencies', 'dependentSchemas', 'dependentRequired'].flatMap((keyword) =>
    Object.entries(isObject(schema[keyword]) ? schema[keyword] : {}).map(([name, needed]) => ({
      anyOf: [{ not: { type: 'object', required: [name] } }, Array.isArray(needed) ? { required: needed } : needed],
    })),
  )
}
