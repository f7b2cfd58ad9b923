import type { StandardSchemaV1 } from '@standard-schema/spec'
import { MillraceError } from '../base/index.ts'
import type { JsonSafe } from '../event/index.ts'

/** A named set of JSON documents in the store. Made by `collection`. */
export interface Collection<T = unknown> {
  readonly name: string
  readonly schema: StandardSchemaV1<unknown, T> | undefined
}

/** A document as it was read. */
export interface Document<T> {
  readonly key: string
  readonly value: T
  /** 1 for the first write, one more for each later one. */
  readonly version: number
}

/**
 * Names a collection of documents and the type of their values, as in `collection<Order>('orders')`. With a schema, a
 * document that does not fit is refused when it is written.
 * @throws CONFIG_INVALID when the name is empty or reserved
 */
export function collection<T>(
  name: string,
  options: { readonly schema?: StandardSchemaV1<T, T> } = {},
): [T] extends [JsonSafe<T>] ? Collection<T> : JsonSafe<T> {
  if (name === '' || name.startsWith('_millrace.')) {
    throw new MillraceError('CONFIG_INVALID', {
      option: 'collection',
      reason: `'${name}' is empty or begins with '_millrace.', which is reserved`,
    })
  }
  const made: Collection<T> = Object.freeze({ name, schema: options.schema })
  return made as unknown as [T] extends [JsonSafe<T>] ? Collection<T> : JsonSafe<T>
}

/**
 * The JSON text of a document.
 * @throws DATA_INVALID when the value has none, as `undefined` has not
 */
export function documentText(collection: string, key: string, value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  if (text !== undefined) return text
  throw new MillraceError('DATA_INVALID', {
    contract: `${collection}/${key}`,
    path: '',
    reason: 'cannot be written as JSON',
    issues: 1,
  })
}
