import type { StandardSchemaV1 } from '@standard-schema/spec'
import { MillraceError } from '../base/index.ts'
import type { CompatibilityMode, JsonSchema } from './compatibility/index.ts'
import type { CommandContract, Contract, ContractKind, EventContract, QueryContract, Upcaster } from './contract.ts'
import type { JsonSafe } from './json.ts'
import { assertTopic, isInternalTopic } from './topic.ts'

type Input<S extends StandardSchemaV1> = StandardSchemaV1.InferInput<S>
type Output<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>

/** The schema itself where its input survives JSON, else a type that no schema has and that names the culprit. */
type WireSchema<S extends StandardSchemaV1> = [Input<S>] extends [JsonSafe<Input<S>>]
  ? S
  : { readonly 'the input of the schema must survive JSON': JsonSafe<Input<S>> }

/** The options that every kind of contract has. */
export interface ContractOptions<S extends StandardSchemaV1> {
  /** Any Standard Schema (zod, valibot, arktype, …). Its input is what travels; its output is what handlers get. */
  readonly schema: WireSchema<S>
  /** Messages with the same key keep their order. */
  readonly key?: (data: Output<S>) => string | undefined
  /** The topic published to. Default: the name of the contract. */
  readonly topic?: string
  /** A whole number from 1 on. Default 1. */
  readonly version?: number
  /** For each older version, what brings its data to the version after it. */
  readonly upcast?: { readonly [version: number]: Upcaster }
  /** Which changes of the schema are allowed once data was published. Default `backward`. */
  readonly compatibility?: CompatibilityMode
  /** The JSON Schema of the data, for schema libraries that cannot give it. */
  readonly jsonSchema?: JsonSchema
  /** Messages older than this many milliseconds are not handled any more. Default: they never expire. */
  readonly ttlMs?: number
  readonly description?: string
}

export interface ReplyOptions<R extends StandardSchemaV1> {
  /** What the handler answers with. */
  readonly reply: WireSchema<R>
}

/**
 * Defines an event: something that happened, for none to many handlers.
 * @throws CONTRACT_INVALID when an option is wrong, TOPIC_INVALID when the name or the topic is.
 */
export function defineEvent<S extends StandardSchemaV1>(
  name: string,
  options: ContractOptions<S>,
): EventContract<Input<S>, Output<S>> {
  return contract('event', name, options, undefined)
}

/**
 * Defines a command: something to be done by exactly one handler, which may refuse. With `reply` it can be requested, too.
 * @throws CONTRACT_INVALID when an option is wrong, TOPIC_INVALID when the name or the topic is.
 */
export function defineCommand<S extends StandardSchemaV1, R extends StandardSchemaV1 = StandardSchemaV1<void>>(
  name: string,
  options: ContractOptions<S> & Partial<ReplyOptions<R>>,
): CommandContract<Input<S>, Output<S>, Input<R>, Output<R>> {
  return contract('command', name, options, options.reply as R | undefined)
}

/**
 * Defines a query: a question that exactly one handler answers.
 * @throws CONTRACT_INVALID when an option is wrong, TOPIC_INVALID when the name or the topic is.
 */
export function defineQuery<S extends StandardSchemaV1, R extends StandardSchemaV1>(
  name: string,
  options: ContractOptions<S> & ReplyOptions<R>,
): QueryContract<Input<S>, Output<S>, Input<R>, Output<R>> {
  return contract('query', name, options, options.reply as R)
}

const known = new Set<string>([
  'schema',
  'key',
  'topic',
  'version',
  'upcast',
  'compatibility',
  'jsonSchema',
  'ttlMs',
  'description',
  'reply',
])
const modes: readonly string[] = ['backward', 'forward', 'full', 'none'] satisfies CompatibilityMode[]

function contract<K extends ContractKind, S extends StandardSchemaV1, R extends StandardSchemaV1>(
  kind: K,
  name: string,
  options: ContractOptions<S>,
  replySchema: R | undefined,
): Contract<K, Input<S>, Output<S>, Input<R>, Output<R>> {
  const { topic = name, version = 1, compatibility = 'backward' } = options
  const refuse = (reason: string): never => {
    throw new MillraceError('CONTRACT_INVALID', { contract: name, reason })
  }
  assertTopic(name)
  assertTopic(topic)
  if (isInternalTopic(name) || isInternalTopic(topic)) refuse("'_millrace' is reserved")
  for (const option of Object.keys(options)) if (!known.has(option)) refuse(`there is no option '${option}'`)
  if (!isStandardSchema(options.schema)) refuse('`schema` is not a Standard Schema')
  if (kind === 'event' && 'reply' in options) refuse('an event has no reply; define a command or a query')
  if (replySchema !== undefined && !isStandardSchema(replySchema)) refuse('`reply` is not a Standard Schema')
  if (kind === 'query' && replySchema === undefined) refuse('a query needs `reply`')
  if (!Number.isSafeInteger(version) || version < 1) refuse('`version` is not a whole number from 1 on')
  if (!modes.includes(compatibility)) refuse(`\`compatibility\` is none of ${modes.join(', ')}`)
  if (options.ttlMs !== undefined && !(options.ttlMs > 0)) refuse('`ttlMs` is not a positive number')
  const upcasters = new Map<number, Upcaster>()
  for (const [from, upcaster] of Object.entries(options.upcast ?? {})) {
    if (!(Number(from) >= 1 && Number(from) < version)) refuse(`\`upcast\` leads on from ${from}, no older version`)
    if (typeof upcaster !== 'function') refuse(`\`upcast\` from version ${from} is not a function`)
    upcasters.set(Number(from), upcaster)
  }
  return Object.freeze({
    kind,
    name,
    topic,
    version,
    schema: options.schema as S,
    replySchema,
    key: options.key ?? (() => undefined),
    upcasters,
    compatibility,
    jsonSchema: options.jsonSchema,
    ttlMs: options.ttlMs,
    description: options.description,
  })
}

function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  // Some libraries (arktype) make schemas that are functions.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const props = (value as { '~standard'?: { version?: unknown; validate?: unknown } })['~standard']
  return props?.version === 1 && typeof props.validate === 'function'
}
