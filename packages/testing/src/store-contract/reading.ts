import { type ErrorCode, type FieldsOf, isMillraceError, type LogRecord, type Store } from 'millrace/engine'
import { expect } from 'vitest'

/** All records of the log (of the topics), read page by page. */
export async function readAll(store: Store, topics?: readonly string[], limit = 500): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  const { head } = await store.inspect()
  for (let after = 0; after < head; ) {
    const page = await store.readLog({ after, limit, ...(topics && { topics }) })
    expect(page.scannedTo, 'a page leads on').toBeGreaterThan(after)
    records.push(...page.records)
    after = page.scannedTo
  }
  return records
}

export const positionsOf = (records: readonly { readonly position: number }[]): number[] =>
  records.map(({ position }) => position)

export const idsOf = (records: readonly LogRecord[]): string[] => records.map(({ event }) => event.id)

/** Expects that `promise` rejects with the code, and returns the fields of the error. */
export async function refused<C extends ErrorCode>(code: C, promise: Promise<unknown>): Promise<FieldsOf<C>> {
  const error = await promise.then(
    (value) => expect.fail(`expected ${code}, but it resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  if (!isMillraceError(error, code)) {
    expect.fail(`expected ${code}, but it was ${error instanceof Error ? error.stack : JSON.stringify(error)}`)
  }
  return error.fields
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
