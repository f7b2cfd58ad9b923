import fc from 'fast-check'

/** One part of a unit, before it is known what is in the store: numbers choose among what is there then. */
export type Part =
  | { readonly kind: 'append'; readonly topic: number; readonly key: number | null; readonly id: number | null }
  | {
      readonly kind: 'stream'
      readonly stream: number
      readonly expected: 'current' | 'behind' | 'ahead' | 'none' | 'any'
      readonly ids: readonly (number | null)[]
    }
  /** Appends once more what a stream has from a place on, as a writer does that got no answer. */
  | { readonly kind: 'repeat'; readonly stream: number; readonly from: number; readonly count: number }
  | {
      readonly kind: 'document'
      readonly key: number
      readonly value: number | null
      readonly expected: 'current' | 'wrong' | 'none' | 'any'
    }
  | { readonly kind: 'timer'; readonly id: number; readonly set: boolean }
  | { readonly kind: 'inbox'; readonly message: number }
  | {
      readonly kind: 'lease'
      readonly name: number
      readonly write: 'acquire' | 'renew' | 'release'
      readonly instance: number
      readonly old: boolean
    }
  | DeliveryPart

/** What a consumer or an operator does. These are decided for one unit of a group only, as two would have to talk. */
export type DeliveryPart =
  | {
      readonly kind: 'settle'
      readonly subscription: number
      readonly kept: boolean
      readonly pick: number
      readonly outcome: 'ack' | 'expire' | 'park' | 'hold' | 'wait' | 'try' | 'dead'
      readonly old: boolean
    }
  | {
      readonly kind: 'operate'
      readonly subscription: number
      readonly operation: 'redrive' | 'release' | 'discard' | 'replay'
      readonly picks: readonly number[]
    }

export type Step =
  /** Units that are committed at once, each by the process of this number. */
  | { readonly kind: 'commit'; readonly units: readonly (readonly Part[])[]; readonly by: readonly number[] }
  /** The process takes the leases of the subscriptions. From then on it settles their deliveries, and the other does not. */
  | { readonly kind: 'take'; readonly by: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'reopen' }

const { constant, integer, nat, boolean, constantFrom, oneof, option, array, record } = fc
const few = (max: number) => nat(max)
// Ids that callers choose are few, so that they meet again.
const id = option(few(5), { freq: 2 })
const pick = integer({ min: 0, max: 1_000 })

const part: fc.Arbitrary<Part> = oneof(
  record({ kind: constant('append' as const), topic: few(2), key: option(few(2)), id }),
  record({ kind: constant('append' as const), topic: constant(0), key: few(1), id: constant(null) }),
  record({
    kind: constant('stream' as const),
    stream: few(2),
    expected: constantFrom('current', 'current', 'behind', 'ahead', 'none', 'any'),
    ids: array(id, { minLength: 1, maxLength: 3 }),
  }),
  record({ kind: constant('repeat' as const), stream: few(2), from: pick, count: integer({ min: 1, max: 3 }) }),
  record({
    kind: constant('document' as const),
    key: few(3),
    value: option(nat(99)),
    expected: constantFrom('current', 'wrong', 'none', 'any'),
  }),
  record({ kind: constant('timer' as const), id: few(3), set: boolean() }),
  record({ kind: constant('inbox' as const), message: few(20) }),
  record({
    kind: constant('lease' as const),
    name: few(1),
    write: constantFrom('acquire', 'renew', 'release'),
    instance: few(2),
    old: fc.boolean(),
  }),
)

const settlement = record({
  kind: constant('settle' as const),
  subscription: few(1),
  kept: boolean(),
  pick,
  outcome: constantFrom('ack', 'ack', 'expire', 'park', 'hold', 'wait', 'try', 'dead'),
  old: integer({ min: 0, max: 19 }).map((n) => n === 0),
})

const operation = record({
  kind: constant('operate' as const),
  subscription: few(1),
  operation: constantFrom('redrive', 'release', 'discard', 'replay'),
  picks: array(pick, { minLength: 1, maxLength: 3 }),
})

const plain = array(part, { maxLength: 4 })
const handling: fc.Arbitrary<Part[]> = oneof(
  array<Part>(settlement, { minLength: 1, maxLength: 6 }),
  array<Part>(operation, { minLength: 1, maxLength: 2 }),
)
const unit: fc.Arbitrary<Part[]> = fc.tuple(plain, handling).map(([some, more]) => [...some, ...more])

const processes = array(few(1), { minLength: 3, maxLength: 3 })

/** What happens to a store, one step after another. */
export const steps: fc.Arbitrary<Step[]> = array(
  oneof(
    {
      weight: 6,
      arbitrary: record({
        kind: constant('commit' as const),
        by: processes,
        units: array(unit, { maxLength: 1, minLength: 1 }),
      }),
    },
    {
      weight: 3,
      arbitrary: record({
        kind: constant('commit' as const),
        by: processes,
        units: fc.tuple(unit, array(plain, { minLength: 1, maxLength: 2 })).map(([first, rest]) => [first, ...rest]),
      }),
    },
    { weight: 1, arbitrary: record({ kind: constant('take' as const), by: few(1) }) },
    { weight: 1, arbitrary: record({ kind: constant('pass' as const), ms: constantFrom(1, 600, 5_001) }) },
    { weight: 1, arbitrary: constant<Step>({ kind: 'reopen' }) },
  ),
  { minLength: 1, maxLength: 25, size: 'max' },
)
