import type { JsonSchema } from './schema.ts'

export type SchemaObject = Exclude<JsonSchema, boolean>

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'boolean' || isObject(value)
}

export function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Keywords whose value is data or a name, so that nothing in it is a schema. */
const data = new Set(['const', 'enum', 'default', 'example', 'examples'])

/** Finds what the references of one document lead to; undefined for what lies outside it. */
export function referenceFinder(root: JsonSchema): (reference: string) => JsonSchema | undefined {
  const named = new Map<string, JsonSchema>()
  collectNames(root, named)
  return (reference) => {
    if (reference === '#') return root
    return reference.startsWith('#/') ? atPointer(root, reference.slice(2)) : named.get(reference)
  }
}

/** Notes every schema that has a name of its own: `$anchor`, `$id`, and the older `id`. */
function collectNames(value: unknown, named: Map<string, JsonSchema>): void {
  if (Array.isArray(value)) for (const member of value) collectNames(member, named)
  if (!isObject(value)) return
  if (typeof value.$anchor === 'string') named.set(`#${value.$anchor}`, value)
  for (const id of [value.$id, value.id]) if (typeof id === 'string') named.set(id, value)
  for (const [keyword, member] of Object.entries(value)) if (!data.has(keyword)) collectNames(member, named)
}

/** JSON Pointer (RFC 6901) in a URI fragment. */
function atPointer(root: unknown, pointer: string): JsonSchema | undefined {
  let value = root
  for (const token of pointer.split('/')) {
    const key = decodeToken(token).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[key]
  }
  return isSchema(value) ? value : undefined
}

/** A token that is not well encoded stands for itself. */
function decodeToken(token: string): string {
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}
