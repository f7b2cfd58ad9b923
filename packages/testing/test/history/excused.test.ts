import { checkHistory, type Finding, type History, type Operation, recordHistory } from '@millrace/testing/history'
import { describe, expect, test } from 'vitest'

const nothing: History = { operations: [], subscriptions: [], effects: [], log: [], settled: true }
const message = (id: string, topic = 'orders', key: string | null = null) => ({ id, topic, key })
const publish = (id: string, more: Partial<Operation> = {}): Operation => ({
  id: `publish ${id}`,
  process: 'p',
  invokedMs: 0,
  endedMs: 1,
  outcome: 'ok',
  messages: [message(id)],
  ...more,
})
const record = (position: number, id: string, topic = 'orders') => ({ position, message: id, topic })
const orders = { name: 's', topics: ['orders'], order: 'key' } as const
const kindsOf = (findings: readonly Finding[]): string[] => findings.map(({ kind }) => kind)

describe('no finding is', () => {
  test('what nobody knows the outcome of, there or not', () => {
    const unsure = publish('a', { outcome: 'indeterminate', endedMs: null })
    expect(checkHistory({ ...nothing, operations: [unsure] })).toEqual([])
    expect(checkHistory({ ...nothing, operations: [unsure], log: [record(1, 'a')] })).toEqual([])
    const failed = publish('a', { outcome: 'failed' })
    expect(kindsOf(checkHistory({ ...nothing, operations: [failed], log: [record(1, 'a')] }))).toEqual(['unexpected'])
  })

  test('what was refused once and acknowledged when it was asked for again', () => {
    const operations = [publish('a', { outcome: 'failed' }), { ...publish('a'), id: 'again' }]
    expect(checkHistory({ ...nothing, operations, log: [record(1, 'a')] })).toEqual([])
    expect(kindsOf(checkHistory({ ...nothing, operations }))).toEqual(['lost'])
  })

  test('what is not handled yet, where there was no time for it', () => {
    const history = { ...nothing, operations: [publish('a')], log: [record(1, 'a')], subscriptions: [orders] }
    expect(checkHistory({ ...history, settled: false })).toEqual([])
    expect(kindsOf(checkHistory(history))).toEqual(['lost'])
  })

  test('what the system still keeps aside and shows', () => {
    const history = { ...nothing, operations: [publish('a')], log: [record(1, 'a')], subscriptions: [orders] }
    expect(checkHistory({ ...history, keptAside: [{ subscription: 's', message: 'a' }] })).toEqual([])
    expect(kindsOf(checkHistory({ ...history, keptAside: [{ subscription: 's', message: 'b' }] }))).toEqual(['lost'])
  })

  test('what may expire', () => {
    const history = { ...nothing, operations: [publish('a')], log: [record(1, 'a')] }
    const may = { name: 's', topics: [], mayDrop: ['orders'], order: 'none' } as const
    expect(checkHistory({ ...history, subscriptions: [may] })).toEqual([])
    const effects = [{ subscription: 's', message: 'a', position: 1 }]
    expect(checkHistory({ ...history, subscriptions: [may], effects })).toEqual([])
  })

  test('what was handled and then trimmed from the log', () => {
    const history = { ...nothing, operations: [publish('a')], subscriptions: [orders], trimmedTopics: ['orders'] }
    const effects = [{ subscription: 's', message: 'a', position: 1 }]
    expect(checkHistory({ ...history, effects })).toEqual([])
    expect(kindsOf(checkHistory(history))).toEqual(['lost'])
    expect(kindsOf(checkHistory({ ...history, effects, trimmedTopics: [] }))).toEqual(['lost', 'unexpected'])
  })

  test('what is to be published later and has not been, where there was no time for it', () => {
    const later = publish('a', { messages: [{ ...message('a'), notBeforeMs: 5 }] })
    expect(checkHistory({ ...nothing, operations: [later], settled: false })).toEqual([])
    expect(kindsOf(checkHistory({ ...nothing, operations: [later] }))).toEqual(['lost'])
  })

  test('what was perhaps cancelled, there or not', () => {
    const cancel: Operation = { ...publish('x'), messages: [], cancels: ['a'], outcome: 'indeterminate' }
    const operations = [publish('a'), cancel]
    expect(checkHistory({ ...nothing, operations })).toEqual([])
    expect(checkHistory({ ...nothing, operations, log: [record(1, 'a')] })).toEqual([])
  })

  test('a dead letter that comes back after what followed it; what follows must still be in order', () => {
    const messages = ['a', 'b', 'c'].map((id) => message(id, 'orders', 'key'))
    const history = {
      ...nothing,
      operations: messages.map((one) => publish(one.id, { messages: [one] })),
      log: messages.map(({ id }, index) => record(index + 1, id)),
      subscriptions: [orders],
      detours: [{ subscription: 's', message: 'a', reason: 'exhausted' }],
    }
    const effectsOf = (ids: string) =>
      [...ids].map((id) => ({ subscription: 's', message: id, position: 'abc'.indexOf(id) + 1 }))
    expect(checkHistory({ ...history, effects: effectsOf('bca') })).toEqual([])
    expect(checkHistory({ ...history, effects: effectsOf('bac') })).toEqual([])
    expect(kindsOf(checkHistory({ ...history, effects: effectsOf('cba') }))).toEqual(['reordered'])
    const { detours, ...strict } = history
    expect(kindsOf(checkHistory({ ...strict, effects: effectsOf('bca') }))).toEqual(['reordered'])
  })

  test('the position of the first time, told to whoever asks again', () => {
    const [first, other] = [
      publish('a', { positions: [1] }),
      publish('b', { positions: [2], invokedMs: 2, endedMs: 3 }),
    ]
    const again = { ...first, id: 'again', invokedMs: 4, endedMs: 5 }
    const log = [record(1, 'a'), record(2, 'b')]
    expect(checkHistory({ ...nothing, operations: [first, other, again], log })).toEqual([])
    const late = { ...first, invokedMs: 4, endedMs: 5 }
    expect(kindsOf(checkHistory({ ...nothing, operations: [other, late], log }))).toEqual(['non-monotonic'])
  })
})

describe('a recorder', () => {
  test('takes what was never told for indeterminate, and keeps the last outcome', () => {
    const recorder = recordHistory()
    for (const id of ['a', 'b', 'c']) {
      recorder.invoke({ id, process: 'p', invokedMs: 0, messages: [message(id)] })
    }
    recorder.end('a', 'ok', 1, { positions: [1] })
    recorder.end('b', 'failed', 2)
    expect(recorder.open().map(({ id }) => id)).toEqual(['c'])
    const { operations } = recorder.history({ subscriptions: [], effects: [], log: [], settled: false })
    expect(operations.map(({ outcome, endedMs }) => [outcome, endedMs])).toEqual([
      ['ok', 1],
      ['failed', 2],
      ['indeterminate', null],
    ])
    expect(() => recorder.end('d', 'ok', 3)).toThrow(RangeError)
  })

  test('puts together what a reader saw in pieces', () => {
    const recorder = recordHistory()
    recorder.saw('r', 4, [{ position: 5, message: 'a' }])
    recorder.saw('r', 5, [{ position: 7, message: 'b' }])
    const { readers } = recorder.history({ subscriptions: [], effects: [], log: [], settled: false })
    expect(readers).toEqual([
      {
        name: 'r',
        after: 4,
        through: 7,
        records: [
          { position: 5, message: 'a' },
          { position: 7, message: 'b' },
        ],
      },
    ])
  })
})
