import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { CompatibilityMode, JsonSchema } from './compatibility/index.ts'

export type ContractKind = 'event' | 'command' | 'query'

/** Brings wire data of one version to the next version. */
export type Upcaster = (data: unknown) => unknown

/**
 * What publishers and handlers of one kind of message agree on. Made by defineEvent, defineCommand and defineQuery.
 * The schema's input is what travels as JSON; its output is what handlers get.
 */
export interface Contract<
  K extends ContractKind = ContractKind,
  In = unknown,
  Out = unknown,
  ReplyIn = unknown,
  ReplyOut = unknown,
> {
  readonly kind: K
  readonly name: string
  readonly topic: string
  readonly version: number
  readonly schema: StandardSchemaV1<In, Out>
  readonly replySchema: StandardSchemaV1<ReplyIn, ReplyOut> | undefined
  /** The ordering key of the data. A method, so that contracts of every data type are contracts. */
  key(data: Out): string | undefined
  readonly upcasters: ReadonlyMap<number, Upcaster>
  readonly compatibility: CompatibilityMode
  readonly jsonSchema: JsonSchema | undefined
  readonly ttlMs: number | undefined
  readonly description: string | undefined
}

export type EventContract<In = unknown, Out = unknown> = Contract<'event', In, Out>
export type CommandContract<In = unknown, Out = unknown, ReplyIn = unknown, ReplyOut = unknown> = Contract<
  'command',
  In,
  Out,
  ReplyIn,
  ReplyOut
>
export type QueryContract<In = unknown, Out = unknown, ReplyIn = unknown, ReplyOut = unknown> = Contract<
  'query',
  In,
  Out,
  ReplyIn,
  ReplyOut
>

/** What a publisher passes. */
export type InputOf<C extends Contract> = StandardSchemaV1.InferInput<C['schema']>
/** What a handler gets. */
export type DataOf<C extends Contract> = StandardSchemaV1.InferOutput<C['schema']>
/** What the handler of a command or query returns. */
export type ReplyInputOf<C extends Contract> = StandardSchemaV1.InferInput<NonNullable<C['replySchema']>>
/** What a request resolves with. */
export type ReplyOf<C extends Contract> = StandardSchemaV1.InferOutput<NonNullable<C['replySchema']>>
