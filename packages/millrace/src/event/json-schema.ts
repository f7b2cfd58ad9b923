import { createHash } from 'node:crypto'
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { canonicalJson, type JsonSchema } from './compatibility/index.ts'

/** A JSON Schema, or why there is none and what to do about it. */
export type DerivedJsonSchema = { readonly schema: JsonSchema } | { readonly reason: string }

/**
 * The JSON Schema of the data as it lies in an event, which is the schema's input: what a publisher passes travels, and
 * what the schema makes of it (defaults, transforms) is made anew by each reader. So a schema with transforms is fine as
 * long as their input can be described.
 *
 * It comes from `explicit` where that is given, else from the library itself through the Standard JSON Schema interface
 * (https://standardschema.dev/json-schema), draft 2020-12 or else draft-07. What a library leaves out of its JSON Schema,
 * such as custom checks, is not compared.
 */
export function jsonSchemaOf(schema: StandardSchemaV1, explicit?: JsonSchema): DerivedJsonSchema {
  if (explicit !== undefined) return { schema: explicit }
  const standard: StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props> = schema['~standard']
  const { vendor, jsonSchema } = standard
  if (jsonSchema === undefined) return { reason: `${vendor} schemas do not tell their JSON Schema; ${wayOut(vendor)}` }
  try {
    return { schema: plain(inputOf(jsonSchema)) }
  } catch (error) {
    // The interface throws whatever it likes for what it cannot describe; the caller decides whether that matters.
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

function wayOut(vendor: string): string {
  return vendor === 'valibot'
    ? "wrap the schema in `toStandardJsonSchema` of '@valibot/to-json-schema', or pass `jsonSchema`"
    : 'pass `jsonSchema`, or use a version of the library that implements the Standard JSON Schema interface'
}

function inputOf(converter: StandardJSONSchemaV1.Converter): unknown {
  try {
    return converter.input({ target: 'draft-2020-12' })
  } catch (error) {
    try {
      return converter.input({ target: 'draft-07' })
    } catch {
      throw error // the first target is the better known, so its complaint says more
    }
  }
}

/** As plain JSON data, free of the library's own objects and hidden members. */
function plain(schema: unknown): JsonSchema {
  return JSON.parse(JSON.stringify(schema)) as JsonSchema
}

/** The same for schemas that differ in the order of their keys only: SHA-256, in hex, of the canonical JSON (RFC 8785). */
export function fingerprint(schema: JsonSchema): string {
  return createHash('sha256').update(canonicalJson(schema)).digest('hex')
}
