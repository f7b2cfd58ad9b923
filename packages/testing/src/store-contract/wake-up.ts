import type { Change, Store } from 'millrace/engine'
import { expect } from 'vitest'
import { eventually } from '../eventually.ts'
import { handling } from './deliveries.ts'
import type { Promised } from './fixture.ts'
import { range } from './reading.ts'

/** Collects what a store tells its listeners. */
function listening(store: Store): { readonly changes: Change[]; heard(head: number): Promise<unknown>; stop(): void } {
  const changes: Change[] = []
  const stop = store.onCommit((change) => void changes.push(change))
  return {
    changes,
    stop,
    heard: (head) =>
      eventually(() => changes.some((change) => change.head >= head), { what: `a wake-up for position ${head}` }),
  }
}

/** The wake-up after commits. */
export function wakeUpPromises(promised: Promised): void {
  promised('listeners are told of a commit with the newest position', async ({ store, publish }) => {
    const [one, two] = [listening(store), listening(store)]
    const [position] = await publish('t')
    await Promise.all([one.heard(position!), two.heard(position!)])
    const [last] = (await publish('t', 5)).slice(-1)
    await Promise.all([one.heard(last!), two.heard(last!)])
    const heads = one.changes.map(({ head }) => head)
    expect(heads).toEqual(heads.toSorted((a, b) => a - b))
    expect(Math.max(...heads)).toBe(last)
  })

  promised('when a listener is told, what it is told about can be read', async ({ store, event }) => {
    const found: Promise<boolean>[] = []
    store.onCommit(({ head }) => {
      found.push(store.readLog({ after: head - 1, limit: 1 }).then(({ records }) => records[0]?.position === head))
    })
    await Promise.all(range(1, 200).map(() => store.commit({ append: [{ event: event('t') }] })))
    await eventually(() => found.length > 0)
    expect((await Promise.all(found)).every(Boolean)).toBe(true)
  })

  promised('a listener that ended is told nothing any more', async ({ store, publish }) => {
    const [ended, other] = [listening(store), listening(store)]
    ended.stop()
    ended.stop()
    const [position] = await publish('t')
    await other.heard(position!)
    expect(ended.changes).toEqual([])
  })

  promised('a listener that throws takes nothing from the commit or from others', async ({ store, publish }) => {
    store.onCommit(() => {
      throw new Error('from a listener')
    })
    const other = listening(store)
    const [position] = await publish('t')
    await other.heard(position!)
  })

  promised('what an operator changed about subscriptions is told as such', async (fixture) => {
    const { store } = fixture
    const s = await handling(fixture)
    const [position] = await fixture.publish('t')
    await s.keep(position!, 'dead')
    for (const write of [
      { kind: 'pause', name: 's', reason: 'r' },
      { kind: 'resume', name: 's' },
      { kind: 'redrive', name: 's', positions: [position!] },
      { kind: 'rewind', name: 's', to: 'beginning' },
    ] as const) {
      const { changes, stop } = listening(store)
      await store.commit({ subscriptions: [write] })
      await eventually(() => changes.some(({ control }) => control === 'any' || control.has('s')), {
        what: `a wake-up for ${write.kind}`,
      })
      stop()
    }
  })

  promised('a commit of another process is told of, too', async (fixture) => {
    const { store, clock, event } = fixture
    const other = await fixture.beside()
    const { changes } = listening(other.store)
    for (const _ of range(1, 3)) {
      const { appended } = await store.commit({ append: [{ event: event('t') }] })
      const { position } = appended[0]!
      // The other one may have to look by itself from time to time.
      const told = async () => {
        await clock.advance(10)
        return changes.some(({ head }) => head >= position)
      }
      await eventually(told, { what: `a wake-up for position ${position}` })
      const { records } = await other.store.readLog({ after: position - 1, limit: 1 })
      expect(records[0]!.position).toBe(position)
    }
    changes.length = 0
    await store.commit({ subscriptions: [{ kind: 'ensure', name: 's', topics: ['t'], from: 'now' }] })
    await store.commit({ subscriptions: [{ kind: 'pause', name: 's', reason: 'r' }] })
    const told = async () => {
      await clock.advance(10)
      return changes.some(({ control }) => control === 'any' || control.has('s'))
    }
    await eventually(told, { what: 'a wake-up for what the other process changed' })
    await eventually(async () => (await other.store.readSubscription('s'))?.paused === 'r')
  })
}
