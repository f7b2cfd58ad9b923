import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  backwardDifferences,
  compatibilityDifferences,
  type JsonSchema,
  type Undeclared,
} from '../../src/event/compatibility/index.ts'
import { changes, data, documents, histories, shapes } from './schema-arbitrary.ts'

const compatible = (previous: JsonSchema, next: JsonSchema, undeclared?: Undeclared): boolean =>
  backwardDifferences(previous, next, undeclared).length === 0

const ajv = new Ajv2020({ strict: false, validateFormats: false, addUsedSchema: false })
const validator = (schema: JsonSchema): ((value: unknown) => boolean) => ajv.compile(schema as object)

/** The schema with its objects closed, so that only data with described properties fits. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const parts = Object.entries(schema).map(([key, value]) => [key, key === 'enum' ? value : closed(value)] as const)
  const isObject = 'type' in schema && schema.type === 'object'
  return { ...Object.fromEntries(parts), ...(isObject && { additionalProperties: false }) }
}

describe('what is called compatible', () => {
  /** The code that ajv 8 writes for some conditional schemas does not run (it names a variable that it never declares): no verdict. */
  function judged(verdict: () => boolean): boolean {
    try {
      return verdict()
    } catch (error) {
      fc.pre(!(error instanceof ReferenceError))
      throw error
    }
  }

  /** Asserts that no sample refutes an answer, and that samples had a say in enough of them. */
  function assertSound(pairs: fc.Arbitrary<readonly [JsonSchema, JsonSchema]>, undeclared: Undeclared): void {
    const samples = fc.sample(data, { numRuns: 1_500, seed: 1 })
    let telling = 0
    const runs = 150
    fc.assert(
      fc.property(pairs, ([previous, next]) => {
        fc.pre(compatible(previous, next, undeclared))
        const writes = validator(undeclared === 'absent' ? (closed(previous) as JsonSchema) : previous)
        const written = samples.filter((value) => judged(() => writes(value)))
        if (written.length > 0 && written.length < samples.length) telling++
        const reads = validator(next)
        expect(written.filter((value) => !judged(() => reads(value)))).toEqual([])
      }),
      { numRuns: runs },
    )
    expect(telling).toBeGreaterThan(runs / 5)
  }

  it('can be read', () => assertSound(changes(documents), 'anything'))

  it('can be read where data has what its schema describes', () => assertSound(changes(shapes), 'absent'))

  it('is a schema with itself, in other words', () => {
    fc.assert(
      fc.property(documents, (schema) => {
        const same = { ...(schema as object), minLength: 0, minItems: 0, propertyNames: true }
        expect(compatibilityDifferences(schema, same, 'full')).toEqual([])
        expect(compatibilityDifferences(schema, same, 'full', 'absent')).toEqual([])
      }),
    )
  })

  it('is everything, with the schema that accepts all, and nothing less with the one that accepts none', () => {
    fc.assert(
      fc.property(documents, (schema) => {
        expect(compatible(schema, true)).toBe(true)
        expect(compatible(false, schema)).toBe(true)
        expect(compatible(true, schema)).toBe(compatible({}, schema))
      }),
    )
  })

  it('stays so over two steps', () => {
    fc.assert(
      fc.property(histories(shapes), ([first, second, third]) => {
        fc.pre(compatible(first, second) && compatible(second, third))
        expect(backwardDifferences(first, third)).toEqual([])
      }),
    )
  })
})

describe('ranges of numbers', () => {
  const bound = fc.integer({ min: -5, max: 5 })
  const range = fc.tuple(bound, bound).map(([a, b]) => ({ minimum: Math.min(a, b), maximum: Math.max(a, b) }))

  it('are compatible exactly when the next holds the previous', () => {
    fc.assert(
      fc.property(range, range, (a, b) => {
        const held = b.minimum <= a.minimum && a.maximum <= b.maximum
        expect(compatible(a, b)).toBe(held)
        const open = { exclusiveMinimum: b.minimum, exclusiveMaximum: b.maximum }
        expect(compatible(a, open)).toBe(b.minimum < a.minimum && a.maximum < b.maximum)
        expect(compatible(open, b)).toBe(true)
        expect(compatible({ minLength: a.minimum + 5 }, { minLength: b.minimum + 5 })).toBe(b.minimum <= a.minimum)
      }),
    )
  })
})

describe('an optional property that is added', () => {
  const closedObject = (properties: Record<string, JsonSchema>): JsonSchema => ({
    type: 'object',
    properties,
    additionalProperties: false,
  })

  it('never breaks a closed object, and always breaks its old readers', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b'), shapes), shapes, (properties, added) => {
        const before = closedObject(properties)
        const after = closedObject({ ...properties, c: added })
        expect(backwardDifferences(before, after)).toEqual([])
        expect(backwardDifferences(after, before).map(({ path }) => path)).toContain('c')
      }),
    )
  })

  it('breaks an open object, unless data has what its schema describes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b'), shapes), shapes, (properties, added) => {
        const before: JsonSchema = { type: 'object', properties }
        const after: JsonSchema = {
          type: 'object',
          properties: { ...properties, c: { ...(added as object), type: 'object' } },
        }
        expect(compatible(before, after)).toBe(false)
        expect(compatible(after, before)).toBe(true)
        expect(compatibilityDifferences(before, after, 'full', 'absent')).toEqual([])
      }),
    )
  })
})
