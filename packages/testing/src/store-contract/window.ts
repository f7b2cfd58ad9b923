import { expect } from 'vitest'
import { type OpenStore, promisedBy } from './fixture.ts'
import { range, refused } from './reading.ts'

/** The bounds of what a store remembers in order to detect duplicates. */
export interface DedupWindow {
  readonly windowMs: number
  readonly windowCount: number
}

const window: DedupWindow = { windowMs: 60_000, windowCount: 100 }

/** How far back duplicates are detected. For engines that let the window be set. */
export function windowPromises(open: (window: DedupWindow) => ReturnType<OpenStore>): void {
  const promised = promisedBy(() => open(window))

  promised('an id is known for as long as the window reaches back, and no longer', async (fixture) => {
    const { store, clock, event } = fixture
    const publish = async (id: string) =>
      (await store.commit({ append: [{ event: event('t', { id }), unique: true }] })).appended[0]!
    const first = await publish('one')
    await clock.advance(window.windowMs - 1)
    expect(await publish('one')).toEqual({ ...first, duplicate: true })
    await clock.advance(2)
    expect(await publish('one')).toMatchObject({ duplicate: false })
    expect(await publish('one')).toMatchObject({ duplicate: true })
  })

  promised('a message in the inbox is known for as long, too', async ({ store, clock }) => {
    const unit = { inbox: [{ consumer: 'c', messageId: 'm' }] }
    await store.commit(unit)
    await clock.advance(window.windowMs - 1)
    await refused('INBOX_DUPLICATE', store.commit(unit))
    await clock.advance(2)
    await store.commit(unit)
  })

  promised('as many ids are known as the window holds, at least', async (fixture) => {
    const { store, event } = fixture
    const publish = async (n: number) =>
      (await store.commit({ append: [{ event: event('t', { id: `id ${n}` }), unique: true }] })).appended[0]!
    const mark = (n: number) => store.commit({ inbox: [{ consumer: 'c', messageId: `m${n}` }] })
    for (const n of range(1, 350)) await Promise.all([publish(n), mark(n)])
    await fixture.reopen()
    for (const n of range(251, 350)) {
      const append = [{ event: event('t', { id: `id ${n}` }), unique: true }]
      expect((await fixture.store.commit({ append })).appended[0]).toMatchObject({ duplicate: true })
      await refused('INBOX_DUPLICATE', fixture.store.commit({ inbox: [{ consumer: 'c', messageId: `m${n}` }] }))
    }
  })
}
