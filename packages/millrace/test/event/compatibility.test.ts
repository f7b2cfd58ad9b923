import { describe, expect, it } from 'vitest'
import { backwardDifferences, compatibilityDifferences, type JsonSchema } from '../../src/event/compatibility/index.ts'

const string: JsonSchema = { type: 'string' }
const number: JsonSchema = { type: 'number' }
const object = (properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required,
})
const line = object({ sku: string, quantity: { type: 'integer', exclusiveMinimum: 0 } }, ['sku', 'quantity'])
const order = object({ id: string, lines: { type: 'array', items: line } }, ['id', 'lines'])

const texts = (previous: JsonSchema, next: JsonSchema): readonly string[] =>
  backwardDifferences(previous, next).map(({ path, change }) => `${path}: ${change}`)

describe('differences', () => {
  it.each<[string, JsonSchema, JsonSchema, string]>([
    [
      'a property that is required now',
      order,
      object({ id: string }, ['id', 'by']),
      'by: may be absent, but is required',
    ],
    ['a narrower type', { type: ['string', 'null'] }, string, ': may be null, which is not accepted'],
    ['only integers', number, { type: 'integer' }, ': may be a fraction, but only integers are accepted'],
    ['a value less', { enum: ['a', 'b'] }, { enum: ['a'] }, ': may be "b", which is not accepted'],
    ['values instead of a type', string, { const: 'a' }, ': may be other than "a"'],
    ['a higher minimum', { type: 'number', minimum: 1 }, { type: 'number', minimum: 2 }, ': may be less than 2'],
    [
      'an exclusive maximum',
      { type: 'number', maximum: 1 },
      { type: 'number', exclusiveMaximum: 1 },
      ': may be 1 or more',
    ],
    ['other steps', { type: 'number', multipleOf: 3 }, { type: 'number', multipleOf: 2 }, ': may be no multiple of 2'],
    ['a length', string, { type: 'string', maxLength: 3 }, ': may be longer than 3 characters'],
    ['a pattern', string, { type: 'string', pattern: '^a' }, ': may not match the pattern ^a'],
    ['a format', string, { type: 'string', format: 'date' }, ": may not have the format 'date'"],
    ['fewer items', { type: 'array' }, { type: 'array', maxItems: 2 }, ': may have more than 2 items'],
    ['unique items', { type: 'array' }, { type: 'array', uniqueItems: true }, ': may have the same item twice'],
    [
      'an alternative less',
      { anyOf: [string, number] },
      { anyOf: [string] },
      ': may be a number, which is not accepted',
    ],
    ['nothing any more', string, false, ': may be there, but is not accepted'],
    [
      'a closed object',
      object({ a: string }),
      { ...(object({ a: string }) as object), additionalProperties: false },
      '*: may be there, but is not accepted',
    ],
    ['an exclusion', string, { type: 'string', not: { const: 'a' } }, ': may be what is excluded by not'],
    [
      'an unknown reference',
      string,
      { $ref: 'https://example.com/x' },
      ': may not fit $ref https://example.com/x, which cannot be compared',
    ],
  ])('name %s', (_, previous, next, text) => {
    expect(texts(previous, next)).toEqual([text])
    expect(texts(previous, previous)).toEqual([])
  })

  it('tell where in the data they are', () => {
    const strict = object({ sku: { type: 'string', maxLength: 8 }, quantity: number }, ['sku', 'quantity'])
    expect(texts(order, object({ id: string, lines: { type: 'array', items: strict } }))).toEqual([
      'lines[].sku: may be longer than 8 characters',
    ])
    expect(texts({ prefixItems: [string] }, { prefixItems: [number] })).toHaveLength(1)
    expect(texts({ type: 'array', prefixItems: [string] }, { type: 'array', prefixItems: [number] })).toEqual([
      '[0]: may be a string, which is not accepted',
    ])
    expect(texts({ type: 'object', additionalProperties: string }, { additionalProperties: number })).toEqual([
      '*: may be a string, which is not accepted',
    ])
  })

  it('are not lost among keywords that belong together', () => {
    const list = (minContains: number): JsonSchema => ({ type: 'array', contains: string, minContains })
    expect(texts(list(2), list(1))).toEqual([])
    expect(texts(list(1), list(2))).toEqual([': may lack the items that it has to contain'])
    const record: JsonSchema = { type: 'object', patternProperties: { '^a': string }, additionalProperties: number }
    expect(texts(record, { additionalProperties: number })).toEqual(['*: may be a string, which is not accepted'])
    expect(texts({ type: 'number', multipleOf: 1.5 }, { type: 'integer' })).toHaveLength(1)
    expect(texts(string, { type: 'string', dependentSchemas: { a: { type: 'object' } } })).toEqual([])
  })

  it('come from the alternative that is closest', () => {
    const card = object({ kind: { const: 'card' }, number: string }, ['kind', 'number'])
    const cash = object({ kind: { const: 'cash' } }, ['kind'])
    const safe = object({ kind: { const: 'card' }, number: string, expires: string, holder: string }, [
      'kind',
      'expires',
      'holder',
    ])
    expect(texts({ oneOf: [card, cash] }, { oneOf: [cash, safe] })).toContain('expires: may be absent, but is required')
    expect(
      texts({ anyOf: [{ type: 'null' }, order] }, { anyOf: [{ type: 'null' }, object({ id: number }, ['by'])] }),
    ).toEqual(['by: may be absent, but is required', 'id: may be a string, which is not accepted'])
  })

  it('say which of both directions they concern', () => {
    const wider: JsonSchema = { type: ['string', 'number'] }
    expect(compatibilityDifferences(string, wider, 'backward')).toEqual([])
    const forward = [
      { path: '', change: 'may be a number, which is not accepted (new data, read by the old contract)' },
    ]
    expect(compatibilityDifferences(string, wider, 'forward')).toEqual(forward)
    expect(compatibilityDifferences(string, wider, 'full')).toEqual(forward)
    expect(compatibilityDifferences(string, number, 'full')).toHaveLength(2)
    expect(compatibilityDifferences(string, number, 'none')).toEqual([])
  })
})

describe('an optional property that is added', () => {
  const open = object({ a: string }, ['a'])
  const openAdded = object({ a: string, b: string }, ['a'])
  const close = (schema: JsonSchema): JsonSchema => ({ ...(schema as object), additionalProperties: false })

  it('breaks an open object, whose data may have it as something else', () => {
    expect(texts(open, openAdded)).toEqual([
      'b: may be null or a boolean or a number or an array or an object, which is not accepted',
    ])
    expect(compatibilityDifferences(open, openAdded, 'forward')).toEqual([])
  })

  it('is fine in a closed object, but not for old readers', () => {
    expect(texts(close(open), close(openAdded))).toEqual([])
    expect(texts(close(openAdded), close(open))).toEqual(['b: may be there, but is not accepted'])
  })

  it('is fully compatible where data has only what its schema describes', () => {
    expect(compatibilityDifferences(open, openAdded, 'full', 'absent')).toEqual([])
    const nested = (schema: JsonSchema): JsonSchema => object({ list: { type: 'array', items: schema } })
    expect(compatibilityDifferences(nested(open), nested(openAdded), 'full', 'absent')).toEqual([])
    const variant = (kind: string, schema: object): JsonSchema => ({
      allOf: [object({ kind: { const: kind } }, ['kind']), schema],
    })
    const before = { oneOf: [variant('x', open as object), variant('y', object({ b: number }) as object)] }
    const after = { oneOf: [variant('x', openAdded as object), variant('y', object({ b: number }) as object)] }
    expect(compatibilityDifferences(before, after, 'full', 'absent')).toEqual([])
  })

  it('is still checked against what its schema describes', () => {
    const changed = object({ a: number }, ['a'])
    expect(compatibilityDifferences(open, changed, 'backward', 'absent')).toHaveLength(1)
    expect(compatibilityDifferences(open, object({ a: string, b: string }, ['b']), 'backward', 'absent')).toHaveLength(
      1,
    )
    const records: JsonSchema = { ...(open as object), additionalProperties: true }
    expect(compatibilityDifferences(records, openAdded, 'backward', 'absent')).toHaveLength(1)
    expect(compatibilityDifferences({ type: 'object' }, openAdded, 'backward', 'absent')).toHaveLength(3)
  })

  it('is checked against the alternatives that may describe it, too', () => {
    const before: JsonSchema = {
      properties: { a: open },
      anyOf: [{ properties: { a: object({ b: number }) } }, { required: ['c'] }],
    }
    expect(compatibilityDifferences(before, { properties: { a: openAdded } }, 'backward', 'absent')).not.toEqual([])
  })
})

describe('references', () => {
  const tree = (value: JsonSchema): JsonSchema => ({
    $ref: '#/$defs/node',
    $defs: { node: object({ value, children: { type: 'array', items: { $ref: '#/$defs/node' } } }, ['value']) },
  })

  it('may be recursive', () => {
    expect(texts(tree(string), tree({}))).toEqual([])
    expect(texts(tree(string), tree({ type: 'string', maxLength: 1 }))).toEqual([
      'value: may be longer than 1 characters',
    ])
  })

  it('prove nothing that hangs on what is refuted later', () => {
    const pair = (value: JsonSchema): object => ({
      a: object({ b: { $ref: '#/$defs/b' }, value }),
      b: object({ a: { $ref: '#/$defs/a' } }),
    })
    const a = { properties: { a: { $ref: '#/$defs/a' } } }
    const b = { properties: { b: { $ref: '#/$defs/b' } } }
    const before = { allOf: [a, b], $defs: pair(string) }
    expect(texts(before, { anyOf: [a, b], $defs: pair(number) })).not.toEqual([])
    expect(texts(before, { anyOf: [a, b], $defs: pair({}) })).toEqual([])
  })

  it('may be many that refer to each other', () => {
    const size = 16
    const web = (leaf: JsonSchema): JsonSchema => {
      const names = Array.from({ length: size }, (_, i) => `t${i}`)
      const links = Object.fromEntries(
        names.map((name) => [name, { anyOf: [{ type: 'null' }, { $ref: `#/$defs/${name}` }] }]),
      )
      return { $ref: '#/$defs/t0', $defs: Object.fromEntries(names.map((name) => [name, object({ leaf, ...links })])) }
    }
    expect(texts(web(string), web({}))).toEqual([])
    const found = texts(web({}), web(string))
    expect(found[0]).toMatch(/^leaf: /)
    expect(found.length).toBeLessThan(size * size * 4)
  })

  it('find anchors, ids and escaped names', () => {
    const $defs = {
      'a/b~c ü': string,
      x: { $anchor: 'x', type: 'string' },
      y: { $id: 'https://example.com/y', type: 'string' },
    }
    for (const $ref of ['#/$defs/a~1b~0c%20%C3%BC', '#x', 'https://example.com/y']) {
      expect(texts({ $defs, $ref }, string)).toEqual([])
      expect(texts(string, { $defs, $ref })).toEqual([])
      expect(texts({ $defs, $ref }, number)).toHaveLength(1)
    }
  })

  it('that lead nowhere, or in a circle, prove nothing', () => {
    const nowhere = { $ref: '#/$defs/gone' }
    expect(texts(nowhere, { ...nowhere, title: 'the same' })).toEqual([])
    expect(texts(nowhere, string)).toHaveLength(1)
    const circle = {
      $ref: '#/$defs/a',
      $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }, string] }, b: { $ref: '#/$defs/a' } },
    }
    expect(texts(circle, string)).toHaveLength(1)
    expect(texts(string, circle)).toHaveLength(1)
    expect(texts(circle, { ...circle, title: 'the same' })).toEqual([])
  })
})

describe('the words of older drafts', () => {
  it.each<[string, JsonSchema, JsonSchema]>([
    [
      'draft-04 bounds',
      { type: 'number', maximum: 5, exclusiveMaximum: true },
      { type: 'number', exclusiveMaximum: 5 },
    ],
    ['tuples', { items: [string], additionalItems: number }, { prefixItems: [string], items: number }],
    ['const', { const: { a: [1] } }, { enum: [{ a: [1] }] }],
    ['definitions', { definitions: { a: string }, $ref: '#/definitions/a' }, string],
    [
      'dependencies',
      { dependencies: { a: ['b'], c: object({ d: string }) } },
      { dependentRequired: { a: ['b'] }, dependentSchemas: { c: object({ d: string }) } },
    ],
    ['the type integer', { type: 'integer' }, { type: 'number', multipleOf: 1 }],
  ])('%s mean the same', (_, old, modern) => {
    expect(compatibilityDifferences(old, modern, 'full')).toEqual([])
  })
})

describe('values', () => {
  it('fit what describes them', () => {
    const described = object(
      { kind: { type: 'string', pattern: '^a', maxLength: 3 }, n: { type: 'integer', minimum: 0, multipleOf: 2 } },
      ['kind'],
    )
    expect(texts({ enum: [{ kind: 'abc', n: 4 }, { kind: 'a' }] }, described)).toEqual([])
    expect(texts({ enum: [{ kind: 'abc', n: 3 }] }, described)).toEqual(['n: may be no multiple of 2'])
    expect(texts({ const: [1, 1] }, { type: 'array', uniqueItems: true })).toHaveLength(1)
    expect(texts({ type: 'boolean' }, { enum: [true, false] })).toEqual([])
    expect(texts({ type: ['null', 'boolean'] }, { enum: [true, null] })).toEqual([
      ': may be false, which is not accepted',
    ])
  })

  it('may have the names of what every object inherits', () => {
    expect(texts({ properties: {} }, { properties: { constructor: string } })).toHaveLength(1)
    expect(texts(object({ constructor: string }), object({ constructor: { minLength: 1 } }))).toEqual([
      'constructor: may be shorter than 1 characters',
    ])
  })

  it('named in advance close a record', () => {
    const record = (...names: readonly string[]): JsonSchema => ({
      type: 'object',
      propertyNames: { enum: names },
      additionalProperties: number,
    })
    expect(texts(record('a', 'b'), record('a', 'b', 'c'))).toEqual([])
    expect(
      texts(record('a', 'b'), { ...(object({ a: number, b: number }) as object), additionalProperties: false }),
    ).toEqual([])
    expect(texts(record('a', 'b'), record('a'))).toEqual(['b: may be there, but has a name that is not accepted'])
  })
})

describe('keywords that depend on all around them', () => {
  const sealed = (schema: JsonSchema): JsonSchema => ({ allOf: [schema], unevaluatedProperties: false })

  it('are compatible in documents that differ in annotations only', () => {
    expect(texts(sealed(order), { ...(sealed(order) as object), description: 'An order.' })).toEqual([])
  })

  it('are a difference otherwise', () => {
    expect(texts(sealed(order), sealed(object({ id: string })))).toContain(
      ': may not fit unevaluatedProperties, which cannot be compared',
    )
    expect(texts(sealed(order), order)).toEqual([])
  })
})

describe('a oneOf', () => {
  const tagged = (kind: string, rest: Readonly<Record<string, JsonSchema>> = {}): JsonSchema =>
    object({ kind: { const: kind }, ...rest }, ['kind'])

  it('may get a branch that excludes the others', () => {
    expect(texts({ oneOf: [tagged('a')] }, { oneOf: [tagged('b'), tagged('a')] })).toEqual([])
    expect(texts(tagged('a'), { oneOf: [tagged('b'), tagged('a')] })).toEqual([])
  })

  it('may not get one that overlaps, or let one grow over another', () => {
    expect(texts({ oneOf: [tagged('a')] }, { oneOf: [tagged('a'), object({ kind: string })] })).toEqual([
      ': may fit more than one alternative of oneOf',
    ])
    expect(
      texts({ oneOf: [tagged('a'), tagged('b')] }, { oneOf: [tagged('a'), object({ kind: string }, ['kind'])] }),
    ).toEqual([': may fit more than one alternative of oneOf'])
  })
})
