import type { HistoryMessage } from '@millrace/testing/history'
import type { KindName } from './kind-names.ts'

/** What a workload process tells its parent, one line of JSON each, as soon as it is so. */
export type Report =
  /** The application runs. */
  | { readonly type: 'up' }
  /** An operation is about to be asked for. */
  | {
      readonly type: 'invoke'
      readonly operation: string
      readonly kind: KindName
      readonly atMs: number
      readonly messages: readonly HistoryMessage[]
      readonly cancels?: readonly string[]
      readonly stream?: { readonly name: string; readonly revision: number }
      /** It can be asked for again with the same ids; what `kinds/` needs for that. */
      readonly repeat?: unknown
    }
  /** Its outcome. */
  | {
      readonly type: 'outcome'
      readonly operation: string
      readonly atMs: number
      readonly outcome: 'ok' | 'failed' | 'indeterminate'
      readonly positions?: readonly (number | undefined)[]
      readonly told?: readonly { readonly subscription: string; readonly message: string; readonly value: string }[]
      readonly code?: string
    }
  /** What a reader of the log saw: positions and messages in turn. */
  | {
      readonly type: 'saw'
      readonly reader: string
      readonly after: number
      readonly records: readonly (number | string)[]
    }
  | {
      readonly type: 'wait'
      readonly what: string
      readonly expected: readonly string[]
      readonly seen: readonly string[]
    }
  /** A dead letter was found, before anything is done about it. */
  | { readonly type: 'dead'; readonly subscription: string; readonly message: string; readonly reason: string }
  /** A named point of the product's code was reached for the first time in this process. */
  | { readonly type: 'point'; readonly point: string }
  /** What the process has done so far, to be counted. */
  | { readonly type: 'count'; readonly name: string; readonly by: number }
  /** It can go no further: the store has stopped, or was refused. */
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  /** All is done, and the application has stopped in order. */
  | { readonly type: 'finished' }
