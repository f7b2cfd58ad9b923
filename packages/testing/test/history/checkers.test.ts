import { checkers, checkHistory, type Finding, type History } from '@millrace/testing/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lawfulHistory } from './lawful.ts'

/** A mistake that is put into a lawful history; undefined where there is no place for it. */
interface Mistake {
  readonly name: string
  readonly kind: Finding['kind']
  /** @returns the history with the mistake, and the message that the finding must name */
  readonly put: (history: History, pick: <T>(list: readonly T[]) => T) => [History, string] | undefined
}

const without = <T>(list: readonly T[], item: T): T[] => list.filter((one) => one !== item)
const replaced = <T>(list: readonly T[], item: T, by: NoInfer<T>): T[] => list.map((one) => (one === item ? by : one))

/** The history as if a message had never been in the log. */
const never = (history: History, message: string): History => ({
  ...history,
  log: history.log.filter((record) => record.message !== message),
  effects: history.effects.filter((effect) => effect.message !== message),
  readers: history.readers!.map((reader) => ({
    ...reader,
    records: reader.records.filter((one) => one.message !== message),
  })),
})

const isOf = (topic: string) => (record: { readonly topic: string }) => record.topic === topic

const mistakes: readonly Mistake[] = [
  {
    name: 'an acknowledged message is not in the log',
    kind: 'lost',
    put: (history, pick) => {
      const cancelled = new Set(history.operations.flatMap(({ cancels = [] }) => cancels))
      const acknowledged = history.operations
        .filter(({ outcome }) => outcome === 'ok')
        .flatMap(({ messages }) => messages)
        .filter(({ id }) => !cancelled.has(id))
      if (acknowledged.length === 0) return undefined
      const { id } = pick(acknowledged)
      return [never(history, id), id]
    },
  },
  {
    name: 'a message is not handled',
    kind: 'lost',
    put: (history, pick) => {
      if (history.effects.length === 0) return undefined
      const effect = pick(history.effects)
      return [{ ...history, effects: without(history.effects, effect) }, effect.message]
    },
  },
  {
    name: 'somebody was told of an effect that is not there',
    kind: 'lost',
    put: (history, pick) => {
      const told = history.operations.filter((operation) => operation.told !== undefined)
      if (told.length === 0) return undefined
      const { message } = pick(pick(told).told!)
      const effects = history.effects.filter((one) => one.subscription !== 'keyed' || one.message !== message)
      return [{ ...history, effects, settled: false }, message]
    },
  },
  {
    name: 'a message is in the log twice',
    kind: 'duplicate',
    put: (history, pick) => {
      if (history.log.length === 0) return undefined
      const record = pick(history.log)
      const { stream, ...again } = { ...record, position: history.log.length + 1 }
      return [{ ...history, log: [...history.log, again] }, record.message]
    },
  },
  {
    name: 'a message has two effects',
    kind: 'duplicate-effect',
    put: (history, pick) => {
      if (history.effects.length === 0) return undefined
      const effect = pick(history.effects)
      return [{ ...history, effects: [...history.effects, effect] }, effect.message]
    },
  },
  {
    name: 'nobody published it',
    kind: 'unexpected',
    put: (history) => {
      const record = { position: history.log.length + 1, message: 'stranger', topic: 'orders' }
      return [{ ...history, log: [...history.log, record] }, 'stranger']
    },
  },
  {
    name: 'publishing it was refused',
    kind: 'unexpected',
    put: (history, pick) => {
      const unsure = history.operations.filter(
        ({ outcome, messages }) =>
          outcome === 'indeterminate' && messages.some(({ id }) => history.log.some(({ message }) => message === id)),
      )
      if (unsure.length === 0) return undefined
      const operation = pick(unsure)
      const ids = new Set(operation.messages.map(({ id }) => id))
      const repeated = history.operations.some(
        (other) => other !== operation && other.messages.some(({ id }) => ids.has(id)),
      )
      if (repeated) return undefined
      const operations = replaced(history.operations, operation, { ...operation, outcome: 'failed' })
      return [{ ...history, operations }, operation.messages[0]!.id]
    },
  },
  {
    name: 'it was cancelled',
    kind: 'unexpected',
    put: (history, pick) => {
      const failed = history.operations.filter(
        ({ outcome, cancels = [] }) => outcome === 'failed' && cancels.length > 0,
      )
      if (failed.length === 0) return undefined
      const operation = pick(failed)
      const operations = replaced(history.operations, operation, { ...operation, outcome: 'ok' })
      return [{ ...history, operations }, operation.cancels![0]!]
    },
  },
  {
    name: 'an effect of what is not in the log',
    kind: 'unexpected',
    put: (history) => {
      const effect = { subscription: 'keyed', message: 'stranger', position: history.log.length + 1 }
      return [{ ...history, effects: [...history.effects, effect] }, 'stranger']
    },
  },
  {
    name: 'an effect of a topic that the subscription does not take',
    kind: 'unexpected',
    put: (history, pick) => {
      const noise = history.log.filter(isOf('noise'))
      if (noise.length === 0) return undefined
      const { message, position } = pick(noise)
      return [{ ...history, effects: [...history.effects, { subscription: 'serial', message, position }] }, message]
    },
  },
  {
    name: 'an answer that is not that of the effect',
    kind: 'unexpected',
    put: (history, pick) => {
      const told = history.operations.filter((operation) => operation.told !== undefined)
      if (told.length === 0) return undefined
      const operation = pick(told)
      const wrong = operation.told!.map((one) => ({ ...one, value: 'another' }))
      const operations = replaced(history.operations, operation, { ...operation, told: wrong })
      return [{ ...history, operations }, operation.told![0]!.message]
    },
  },
  {
    name: 'the first effect of all comes last',
    kind: 'reordered',
    put: (history) => {
      const [first, second] = history.effects.filter(({ subscription }) => subscription === 'serial')
      if (second === undefined) return undefined
      return [{ ...history, effects: [...without(history.effects, first!), first!] }, first!.message]
    },
  },
  {
    name: 'two effects of a key change places',
    kind: 'reordered',
    put: (history, pick) => {
      const late = new Set(history.detours!.map(({ message }) => message))
      const keyOf = new Map(history.operations.flatMap(({ messages }) => messages).map(({ id, key }) => [id, key]))
      const inTime = history.effects.filter(
        ({ subscription, message }) => subscription === 'keyed' && !late.has(message),
      )
      const lines = [...Map.groupBy(inTime, ({ message }) => keyOf.get(message)!)].filter(
        ([key, line]) => key !== null && line.length > 1,
      )
      if (lines.length === 0) return undefined
      const [one, other] = pick(lines)[1]
      const swapped = history.effects.map((effect) => (effect === one ? other! : effect === other ? one! : effect))
      return [{ ...history, effects: swapped }, one!.message]
    },
  },
  {
    name: 'a reader leaves one out',
    kind: 'skipped',
    put: (history, pick) => {
      const [reader, ...others] = history.readers!
      if (reader!.records.length < 2) return undefined
      const record = pick(reader!.records.slice(0, -1))
      return [
        { ...history, readers: [{ ...reader!, records: without(reader!.records, record) }, ...others] },
        record.message,
      ]
    },
  },
  {
    name: 'a reader goes back',
    kind: 'non-monotonic',
    put: (history) => {
      const [reader, ...others] = history.readers!
      const [first, second] = reader!.records
      if (second === undefined) return undefined
      const records = [second, first!, ...reader!.records.slice(2)]
      return [{ ...history, readers: [{ ...reader!, records }, ...others] }, first!.message]
    },
  },
  {
    name: 'two messages at one position',
    kind: 'non-monotonic',
    put: (history) => {
      const [reader, ...others] = history.readers!
      const last = reader!.records.at(-1)
      if (last === undefined) return undefined
      const records = [...reader!.records.slice(0, -1), { ...last, message: 'another' }]
      return [{ ...history, readers: [{ ...reader!, records }, ...others] }, 'another']
    },
  },
  {
    name: 'the order of time and that of the log differ',
    kind: 'non-monotonic',
    put: (history) => {
      const placed = history.operations.filter(
        ({ id, outcome, positions = [] }) =>
          id.startsWith('o') &&
          outcome === 'ok' &&
          positions.length > 0 &&
          !history.operations.some((one) => one.id === `r${id.slice(1)}`),
      )
      const [first, last] = [placed[0], placed.at(-1)]
      if (first === undefined || last === undefined || first === last) return undefined
      const early = { ...last, invokedMs: -100, endedMs: -99 }
      return [{ ...history, operations: replaced(history.operations, last, early) }, first.id]
    },
  },
  {
    name: 'a read after a wait does not show it',
    kind: 'stale',
    put: (history, pick) => {
      const detoured = new Set(history.detours!.map(({ message }) => message))
      const [wait] = history.waits!
      const expected = wait!.expected.filter((message) => !detoured.has(message))
      if (expected.length === 0) return undefined
      const message = pick(expected)
      return [{ ...history, waits: [{ ...wait!, seen: without(wait!.seen, message) }] }, message]
    },
  },
  {
    name: 'a part of an operation is missing',
    kind: 'torn',
    put: (history, pick) => {
      const logged = new Set(history.log.map(({ message }) => message))
      const whole = history.operations.filter(
        ({ outcome, messages }) =>
          outcome === 'indeterminate' && messages.length > 1 && messages.every(({ id }) => logged.has(id)),
      )
      if (whole.length === 0) return undefined
      const { id } = pick(pick(whole).messages)
      return [never(history, id), id]
    },
  },
  {
    name: 'an effect without what its handler published',
    kind: 'torn',
    put: (history, pick) => {
      const derived = history.log.filter(isOf('derived'))
      if (derived.length === 0) return undefined
      const { message } = pick(derived)
      return [never(history, message), message]
    },
  },
  {
    name: 'two effects raise a counter from the same value',
    kind: 'lost-update',
    put: (history, pick) => {
      const counted = history.effects.filter((effect) => effect.counted !== undefined).slice(1)
      if (counted.length === 0) return undefined
      const effect = pick(counted)
      const stale = { ...effect, counted: [{ counter: 'all', value: effect.counted![0]!.value - 1 }] }
      return [{ ...history, effects: replaced(history.effects, effect, stale) }, effect.message]
    },
  },
  {
    name: 'an append stands at another revision than the one that was expected',
    kind: 'lost-update',
    put: (history, pick) => {
      const appends = history.operations.filter(({ outcome, stream }) => outcome === 'ok' && stream !== undefined)
      if (appends.length === 0) return undefined
      const operation = pick(appends)
      const stream = { ...operation.stream!, revision: operation.stream!.revision + 1 }
      const operations = replaced(history.operations, operation, { ...operation, stream })
      return [{ ...history, operations }, operation.messages[0]!.id]
    },
  },
  {
    name: 'a revision is missing',
    kind: 'lost-update',
    put: (history, pick) => {
      const streamed = history.log.filter(({ stream }) => stream !== undefined)
      if (streamed.length === 0) return undefined
      const record = pick(streamed)
      const stream = { ...record.stream!, revision: record.stream!.revision + 1 }
      return [{ ...history, log: replaced(history.log, record, { ...record, stream }) }, record.message]
    },
  },
  {
    name: 'a message is there before its time',
    kind: 'early',
    put: (history, pick) => {
      const later = new Set(
        history.operations.flatMap(({ messages }) =>
          messages.filter(({ notBeforeMs }) => notBeforeMs !== undefined).map(({ id }) => id),
        ),
      )
      const records = history.log.filter(({ message }) => later.has(message))
      if (records.length === 0) return undefined
      const record = pick(records)
      return [{ ...history, log: replaced(history.log, record, { ...record, appendedMs: 999 }) }, record.message]
    },
  },
]

describe('the checkers', () => {
  test('find nothing wrong with histories that keep all promises', () => {
    fc.assert(
      fc.property(lawfulHistory, (history) => {
        expect(checkHistory(history)).toEqual([])
      }),
    )
  })

  test('are each proved by a mistake', () => {
    expect(new Set(mistakes.map(({ kind }) => kind))).toEqual(new Set(Object.keys(checkers)))
  })

  describe.each(mistakes)('$kind: $name', ({ kind, put }) => {
    test('is found, wherever it is, with what shows it', () => {
      let found = 0
      fc.assert(
        fc.property(lawfulHistory, fc.nat(), (history, choice) => {
          const placed = put(history, (list) => list[choice % list.length]!)
          fc.pre(placed !== undefined)
          const [mistaken, named] = placed
          const findings = checkers[kind](mistaken)
          expect(findings.length).toBeGreaterThan(0)
          expect(findings.map((finding) => finding.kind)).toEqual(findings.map(() => kind))
          expect(findings.some((finding) => JSON.stringify(finding).includes(JSON.stringify(named).slice(1, -1)))).toBe(
            true,
          )
          found++
        }),
      )
      expect(found).toBeGreaterThan(20)
    })
  })
})
