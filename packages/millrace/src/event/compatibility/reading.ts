import type { Node, Schema } from './schema.ts'

/** How schemas are read. */
export interface Reading {
  /** What references lead to. */
  readonly targets: ReadonlyMap<string, Schema>
  /** Whether data may have properties that its schema neither describes nor excludes. */
  readonly undeclared: Undeclared
}

/**
 * `anything`: data may have properties that its schema does not speak of, as JSON Schema has it.
 * `absent`: whoever wrote the data gave it the properties that the schema describes, and no others.
 */
export type Undeclared = 'anything' | 'absent'

/** Alternatives of which data fits at least one. Lists of types and of values are alternatives, too. */
export interface Choice {
  readonly keyword: 'anyOf' | 'oneOf' | 'type' | 'enum'
  readonly branches: readonly Schema[]
}

/** The schemas that `node` demands beside itself at the same place of the data. */
export function included(node: Node, { targets }: Reading): readonly Schema[] {
  const target = node.$ref === undefined ? undefined : targets.get(node.$ref)
  return [...(target === undefined ? [] : [target]), ...(node.allOf ?? [])]
}

/**
 * The names of all properties that schemas at one place of the data speak of; undefined where they leave the names open,
 * as a record does, or an object of any shape.
 */
export function declaredNames(
  nodes: readonly Node[],
  choices: readonly Choice[],
  reading: Reading,
): ReadonlySet<string> | undefined {
  const names = new Set<string>()
  const visited = new Set<Schema>()
  let shaped = false
  let open = reading.undeclared === 'anything'
  const note = (node: Node): void => {
    const { properties, required = [], additionalProperties = false, patternProperties, incomparable } = node
    for (const name of [...Object.keys(properties ?? {}), ...required]) names.add(name)
    if (properties !== undefined) shaped = true
    if (additionalProperties !== false || patternProperties !== undefined || incomparable !== undefined) open = true
  }
  const visit = (schema: Schema): void => {
    if (open || visited.has(schema)) return
    visited.add(schema)
    if (schema === true) open = true
    if (typeof schema === 'boolean') return
    note(schema)
    if (schema.type?.includes('object') && schema.properties === undefined) open = true
    for (const part of [...included(schema, reading), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) visit(part)
  }
  nodes.forEach(note)
  for (const { keyword, branches } of choices) if (keyword === 'anyOf' || keyword === 'oneOf') branches.forEach(visit)
  return shaped && !open ? names : undefined
}
