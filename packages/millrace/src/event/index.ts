export {
  type CloudEvent,
  decodeCloudEvent,
  decodeCloudEventBatch,
  encodeCloudEvent,
  encodeCloudEventBatch,
} from './cloudevents-json.ts'
export {
  type CompatibilityMode,
  compatibilityDifferences,
  type JsonSchema,
} from './compatibility/index.ts'
export { type Composer, composeEvent } from './compose.ts'
export type {
  CommandContract,
  Contract,
  ContractKind,
  DataOf,
  EventContract,
  InputOf,
  QueryContract,
  ReplyInputOf,
  ReplyOf,
  Upcaster,
} from './contract.ts'
export { type ContractOptions, defineCommand, defineEvent, defineQuery, type ReplyOptions } from './define.ts'
export { decodeEvent, timeText } from './encode.ts'
export { Encoded } from './encoded.ts'
export type { EncodedEvent, Event, EventHeader } from './event.ts'
export type { JsonSafe } from './json.ts'
export { fingerprint, jsonSchemaOf } from './json-schema.ts'
export type { EventOptions } from './options.ts'
export { type FindContract, readEvent } from './read.ts'
export {
  assertPattern,
  assertTopic,
  compilePattern,
  compilePatterns,
  isInternalTopic,
  isPattern,
} from './topic.ts'
export { validate } from './validate.ts'
