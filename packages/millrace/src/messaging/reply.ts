import { isMillraceError } from '../base/index.ts'
import type { EventContract } from '../event/index.ts'

/** How a request ended, as it travels: the value, or the error as data. */
export type Reply =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false
      readonly error: {
        readonly name: string
        readonly message: string
        readonly code: string | null
        readonly details: unknown
      }
    }

/** A topic of Millrace's own: patterns that begin with a wildcard do not match it. */
export const replyTopic = '_millrace.replies'

/** The contract of replies. Its data was validated by the reply schema of the request's contract. */
export const replyContract: EventContract<Reply, Reply> = Object.freeze({
  kind: 'event',
  name: '_millrace.reply',
  topic: replyTopic,
  version: 1,
  schema: {
    '~standard': { version: 1, vendor: 'millrace', validate: (value: unknown) => ({ value: value as Reply }) },
  },
  replySchema: undefined,
  key: () => undefined,
  upcasters: new Map(),
  compatibility: 'none',
  jsonSchema: undefined,
  ttlMs: 3_600_000,
  description: undefined,
} as const)

/** Replies to requests whose id the caller chose, so that a repeated request gets the first answer. */
export const replyCollection = { name: '_millrace.replies', schema: undefined } as const

export function errorReply(error: unknown): Reply {
  const { name, message } = error instanceof Error ? error : { name: typeof error, message: String(error) }
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  const details = isMillraceError(error, 'COMMAND_REFUSED') ? error.fields : null
  return { ok: false, error: { name, message, code, details } }
}
