import type { StandardSchemaV1 } from '@standard-schema/spec'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { compatibilityDifferences, type JsonSchema } from '../../src/event/compatibility/index.ts'
import { fingerprint, jsonSchemaOf } from '../../src/event/json-schema.ts'

function derived(schema: StandardSchemaV1): JsonSchema {
  const result = jsonSchemaOf(schema)
  if ('reason' in result) throw new Error(result.reason)
  return result.schema
}

/** One contract in the words of each library, with the parts that it may be changed in. */
const libraries: Readonly<
  Record<string, (changes: { added?: true; required?: true; text?: true }) => StandardSchemaV1>
> = {
  zod: ({ added, required, text }) =>
    z.object({
      id: z.string(),
      total: text ? z.string() : z.number().int(),
      lines: z.array(
        z.object({ sku: z.string(), note: z.string().nullable(), ...(added && { gift: z.boolean().optional() }) }),
      ),
      ...(required && { country: z.string() }),
    }),
  valibot: ({ added, required, text }) => {
    const line: v.ObjectEntries = { sku: v.string(), note: v.nullable(v.string()) }
    const order: v.ObjectEntries = {
      id: v.string(),
      total: text ? v.string() : v.pipe(v.number(), v.integer()),
      lines: v.array(v.object(added ? { ...line, gift: v.optional(v.boolean()) } : line)),
    }
    return toStandardJsonSchema(v.object(required ? { ...order, country: v.string() } : order))
  },
  arktype: ({ added, required, text }) =>
    type({
      id: 'string',
      total: text ? 'string' : 'number.integer',
      lines: type({ sku: 'string', note: 'string|null', ...(added && { 'gift?': 'boolean' }) }).array(),
      ...(required && { country: 'string' }),
    }),
}

describe.each(Object.entries(libraries))('the JSON Schema of %s', (_, contract) => {
  const before = derived(contract({}))
  const paths = (changes: Parameters<typeof contract>[0]): readonly string[] =>
    compatibilityDifferences(before, derived(contract(changes)), 'backward', 'absent').map(({ path }) => path)

  it('tells what is in the data', () => {
    expect(before).toMatchObject({
      type: 'object',
      properties: { id: { type: 'string' }, total: { type: 'integer' }, lines: { type: 'array' } },
    })
    expect((before as { required: string[] }).required.toSorted()).toEqual(['id', 'lines', 'total'])
    expect(JSON.parse(JSON.stringify(before))).toEqual(before)
  })

  it('is compatible with itself and with one that has more optional properties', () => {
    expect(fingerprint(derived(contract({})))).toBe(fingerprint(before))
    expect(compatibilityDifferences(before, derived(contract({ added: true })), 'full', 'absent')).toEqual([])
  })

  it('is incompatible with a property that is required, and with another type', () => {
    expect(paths({ required: true })).toContain('country')
    expect(paths({ text: true })).toEqual(['total'])
  })
})

describe('the JSON Schema', () => {
  it('describes what travels, which is the input', () => {
    const schema = z.object({
      at: z.iso.datetime().transform((text) => new Date(text)),
      currency: z.string().default('EUR'),
    })
    expect(derived(schema)).toMatchObject({ properties: { at: { type: 'string' } }, required: ['at'] })
    expect(derived(type({ price: 'string.numeric.parse' }))).toMatchObject({
      properties: { price: { type: 'string' } },
    })
    const trimmed = toStandardJsonSchema(
      v.object({
        name: v.pipe(
          v.string(),
          v.transform((name) => name.length),
        ),
      }),
    )
    expect(derived(trimmed)).toMatchObject({ properties: { name: { type: 'string' } } })
  })

  it('may be given', () => {
    expect(jsonSchemaOf(v.string(), { type: 'string' })).toEqual({ schema: { type: 'string' } })
    expect(jsonSchemaOf(z.string(), false)).toEqual({ schema: false })
  })

  it('may be recursive', () => {
    const tree: z.ZodType = z.object({ value: z.string(), children: z.array(z.lazy(() => tree)) })
    expect(compatibilityDifferences(derived(tree), { ...(derived(tree) as object), minLength: 0 }, 'full')).toEqual([])
  })

  it.each<[string, StandardSchemaV1, RegExp]>([
    [
      'valibot without its converter',
      v.object({ id: v.string() }),
      /^valibot .*toStandardJsonSchema.*@valibot\/to-json-schema/,
    ],
    [
      'a library without one',
      { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } },
      /^own .*jsonSchema/,
    ],
    ['a zod date', z.object({ at: z.date() }), /^Date cannot be represented/],
    ['a zod bigint', z.bigint(), /^BigInt cannot be represented/],
    [
      'a valibot check',
      toStandardJsonSchema(
        v.pipe(
          v.string(),
          v.check((text) => text !== ''),
        ),
      ),
      /"check" action/,
    ],
  ])('of %s is missing for a reason', (_, schema, reason) => {
    expect(jsonSchemaOf(schema)).toEqual({ reason: expect.stringMatching(reason) })
  })

  it('is asked for in draft-07 where the library knows no newer one', () => {
    const input = ({ target }: { readonly target: string }): Record<string, unknown> => {
      if (target !== 'draft-07') throw new Error(`unknown target ${target}`)
      return { type: 'string' }
    }
    const own = {
      '~standard': {
        version: 1,
        vendor: 'own',
        validate: (value: unknown) => ({ value }),
        jsonSchema: { input, output: input },
      },
    } as const
    expect(jsonSchemaOf(own)).toEqual({ schema: { type: 'string' } })
  })
})

describe('the fingerprint', () => {
  it('is SHA-256 of the canonical JSON', () => {
    expect(fingerprint({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
    expect(fingerprint({ type: 'string', maxLength: 3 })).toMatch(/^[0-9a-f]{64}$/)
  })

  it('depends on all but the order of keys', () => {
    const turned = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(turned)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, member]) => [key, turned(member)]),
      )
    }
    const schema = fc.dictionary(fc.string(), fc.jsonValue())
    fc.assert(
      fc.property(schema, (one) => {
        expect(fingerprint(turned(one) as JsonSchema)).toBe(fingerprint(one))
      }),
    )
    expect(fingerprint({ enum: [1, 2] })).not.toBe(fingerprint({ enum: [2, 1] }))
    expect(fingerprint({ enum: ['1'] })).not.toBe(fingerprint({ enum: [1] }))
  })
})
