import { type ErrorCode, errorTable, type FieldsOf } from './error-table.ts'

export type { ErrorCode, FieldsOf } from './error-table.ts'

/**
 * The one error class of Millrace. `code` is stable and never reused; `fields` are typed by the code; `retryable` tells
 * whether the same call may succeed later without a change; `remedy` tells what to do next. `docs/errors.md` lists them all.
 */
export class MillraceError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'MillraceError'
  readonly code: C
  readonly fields: FieldsOf<C>
  readonly retryable: boolean
  readonly remedy: string

  constructor(code: C, fields: FieldsOf<C>, options?: { cause?: unknown }) {
    const entry = errorTable[code]
    // The table's entry of code C takes the fields of code C; TypeScript cannot see that across the union.
    super(
      (entry.message as (fields: FieldsOf<C>) => string)(fields),
      options?.cause === undefined ? undefined : options,
    )
    this.code = code
    this.fields = fields
    this.retryable = entry.retryable
    this.remedy = entry.remedy
  }

  /** The error as plain data, for logs, the command line and error replies. */
  toJSON(): { code: C; message: string; fields: FieldsOf<C>; retryable: boolean; remedy: string } {
    return {
      code: this.code,
      message: this.message,
      fields: this.fields,
      retryable: this.retryable,
      remedy: this.remedy,
    }
  }
}

/** True when `error` is a Millrace error, of the given code where one is given; narrows `error.fields` to that code's. */
export function isMillraceError<C extends ErrorCode = ErrorCode>(error: unknown, code?: C): error is MillraceError<C> {
  return error instanceof MillraceError && (code === undefined || error.code === code)
}
