import type { Unit } from 'millrace/engine'
import { expect } from 'vitest'
import type { Promised } from './fixture.ts'
import { range, refused } from './reading.ts'

const mark = (consumer: string, ...messageIds: string[]): Unit => ({
  inbox: messageIds.map((messageId) => ({ consumer, messageId })),
})

/** The inbox: which messages of other systems were taken. */
export function inboxPromises(promised: Promised): void {
  promised('a message is taken once', async ({ store }) => {
    await store.commit(mark('c', 'm'))
    expect(await refused('INBOX_DUPLICATE', store.commit(mark('c', 'm')))).toEqual({ consumer: 'c', messageId: 'm' })
    await refused('INBOX_DUPLICATE', store.commit(mark('c', 'other', 'm')))
    await store.commit(mark('c', 'other'))
  })

  promised('each consumer takes it for itself, and ids are compared exactly', async ({ store }) => {
    for (const unit of [
      mark('a', 'm'),
      mark('b', 'm'),
      mark('a', 'M'),
      mark('a', 'm '),
      mark('a', '😀'),
      mark('a', ''),
    ]) {
      await store.commit(unit)
      await refused('INBOX_DUPLICATE', store.commit(unit))
    }
  })

  promised('one unit cannot take a message twice', async ({ store }) => {
    await refused('INBOX_DUPLICATE', store.commit(mark('c', 'm', 'm')))
    await store.commit(mark('c', 'm'))
  })

  promised('of those who take a message at once, one does', async ({ store }) => {
    const units = range(0, 199).map((n) => mark('c', `m${n % 20}`))
    const results = await Promise.allSettled(units.map((unit) => store.commit(unit)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(20)
  })

  promised('marks outlive the engine', async (fixture) => {
    await fixture.store.commit(mark('c', 'm'))
    await fixture.reopen()
    await refused('INBOX_DUPLICATE', fixture.store.commit(mark('c', 'm')))
  })
}
