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
 * `absent`: whoever wrote the data gave it the properties that its schema describes, and no others. Records, and objects of
 * which no property is described, stay open.
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
