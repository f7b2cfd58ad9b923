import { type Append, type ExpectedRevision, isMillraceError } from 'millrace/engine'
import { expect } from 'vitest'
import type { Promised } from './fixture.ts'

/** One case of appends to a fresh stream, some of them repeated. */
export interface IdempotencyCase {
  readonly name: string
  readonly steps: readonly {
    /** Which events are appended: equal numbers are equal event ids. */
    readonly append: readonly number[]
    /** The revision that the writer expects: -1 is none, and a number that of the last event. */
    readonly expected: number | 'any'
    /** Present where the append must be refused. */
    readonly error?: string
  }[]
  /** How many events the stream has at the end. */
  readonly total: number
}

/** Appends with ids that the caller chose may be repeated: the given cases, each on a stream of its own. */
export function idempotencyPromises(promised: Promised, cases: readonly IdempotencyCase[]): void {
  for (const { name, steps, total } of cases) {
    promised(name, async ({ store, event }) => {
      const idOf = (number: number): string => `${name}/${number}`
      for (const { append, expected, error } of steps) {
        const revision: ExpectedRevision = expected === -1 ? 'none' : expected
        const appends = append.map(
          (number): Append => ({
            event: event('t', { id: idOf(number) }),
            unique: true,
            stream: { name, expected: revision },
          }),
        )
        const outcome = await store.commit({ append: appends }).then(
          () => undefined,
          (failure: unknown) => (isMillraceError(failure, 'REVISION_CONFLICT') ? 'WrongExpectedVersion' : failure),
        )
        expect(outcome).toEqual(error)
      }
      const records = await store.readStream({ stream: name, from: 0, limit: 1_000 })
      expect(records).toHaveLength(total)
      expect(new Set(records.map((record) => record.event.id))).toEqual(
        new Set(steps.filter(({ error }) => error === undefined).flatMap(({ append }) => append.map(idOf))),
      )
    })
  }
}
