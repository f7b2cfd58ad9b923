import { record } from './normal.ts'
import { type Choice, included, type Reading } from './reading.ts'
import { type JsonType, keyOf, type Node, type Schema } from './schema.ts'

/** What is known of data that fits some schemas, all of them at once. */
export interface Facts {
  /** The schemas, and those that they include, as keys. */
  readonly keys: ReadonlySet<string>
  /** The same, without those that demand nothing. */
  readonly nodes: readonly Node[]
  /** Alternatives among which the data still has to be told apart. */
  readonly choices: readonly Choice[]
  /** Alternatives that were given up in favour of one choice. */
  readonly otherChoices: readonly Choice[]
  /** The branches of a `oneOf` that the data does not fit, because it fits another. */
  readonly rivals: readonly Schema[]
  readonly types: ReadonlySet<JsonType>
  /** No data fits. */
  readonly never: boolean
  /** No alternatives are left to be told apart, so that `nodes` is all that describes the data. */
  readonly settled: boolean
  /** The only properties that the data has; undefined where it may have others. */
  readonly declared: ReadonlySet<string> | undefined
}

const everyType: readonly JsonType[] = ['null', 'boolean', 'number', 'string', 'array', 'object']

/** The facts about data that fits all of `schemas`. */
export function factsOf(schemas: readonly Schema[], reading: Reading): Facts {
  return gather(schemas, reading, { keys: new Set(), nodes: [], never: false, otherChoices: [], rivals: [] })
}

/** The facts about data that fits `facts` and one branch of `choice`. Its other choices are given up, which is safe. */
export function choose(facts: Facts, choice: Choice, branch: Schema, reading: Reading): Facts {
  const otherChoices = [...facts.otherChoices, ...facts.choices.filter((other) => other !== choice)]
  const rivals = choice.keyword === 'oneOf' ? choice.branches.filter((other) => other !== branch) : facts.rivals
  return gather([branch], reading, { ...facts, otherChoices, rivals })
}

type Base = Pick<Facts, 'keys' | 'nodes' | 'never' | 'otherChoices' | 'rivals'>

function gather(schemas: readonly Schema[], reading: Reading, base: Base): Facts {
  const { otherChoices, rivals } = base
  const keys = new Set(base.keys)
  const nodes = [...base.nodes]
  const choices: Choice[] = []
  let never = base.never
  const add = (schema: Schema): void => {
    const key = keyOf(schema)
    if (schema === true || keys.has(key)) return
    keys.add(key)
    if (schema === false || schema.not === true || schema.enum?.length === 0) never = true
    if (schema === false) return
    nodes.push(schema)
    for (const part of included(schema, reading)) add(part)
    const { anyOf, oneOf, type = [], enum: values = [] } = schema
    if (anyOf !== undefined) choices.push({ keyword: 'anyOf', branches: anyOf })
    if (oneOf !== undefined) choices.push({ keyword: 'oneOf', branches: oneOf })
    if (type.length > 1) choices.push({ keyword: 'type', branches: type.map((one) => ({ type: [one] })) })
    if (values.length > 1) choices.push({ keyword: 'enum', branches: values.map((value) => ({ enum: [value] })) })
    if (values.length === 1) add(describe(values[0]))
  }
  schemas.forEach(add)
  const settled = [...choices, ...otherChoices].every(({ keyword }) => keyword === 'type' || keyword === 'enum')
  const declared = settled && reading.undeclared === 'absent' ? declaredNames(nodes) : undefined
  return { keys, nodes, choices, otherChoices, rivals, types: typesOf(nodes), never, settled, declared }
}

function typesOf(nodes: readonly Node[]): ReadonlySet<JsonType> {
  const types = new Set(everyType)
  for (const { type } of nodes) {
    if (type === undefined) continue
    for (const one of everyType) {
      if (!type.includes(one) && !(one === 'number' && type.includes('integer'))) types.delete(one)
    }
  }
  return types
}

/** The properties that schemas describe; undefined where they leave the names open. */
function declaredNames(nodes: readonly Node[]): ReadonlySet<string> | undefined {
  const isOpen = ({ additionalProperties = false, patternProperties, propertyNames, incomparable }: Node): boolean =>
    additionalProperties !== false || (patternProperties ?? propertyNames ?? incomparable) !== undefined
  if (nodes.some(isOpen) || !nodes.some((node) => node.properties !== undefined)) return undefined
  return new Set(nodes.flatMap(({ properties = {}, required = [] }) => [...Object.keys(properties), ...required]))
}

/** What can be said of one value in other words than its own. */
function describe(value: unknown): Node {
  if (value === null) return { type: ['null'] }
  if (typeof value === 'boolean') return { type: ['boolean'] }
  if (typeof value === 'number') {
    return { type: ['number'], minimum: value, maximum: value, multipleOf: Math.abs(value) }
  }
  if (typeof value === 'string') {
    const length = [...value].length
    return { type: ['string'], minLength: length, maxLength: length }
  }
  const only = (member: unknown): Schema => ({ enum: [member] })
  if (Array.isArray(value)) {
    const unique = new Set(value.map((item) => keyOf(only(item)))).size === value.length
    return { type: ['array'], prefixItems: value.map(only), items: false, minItems: value.length, uniqueItems: unique }
  }
  const properties = record(Object.entries(value as object), only)
  return { type: ['object'], properties, required: Object.keys(properties), additionalProperties: false }
}
