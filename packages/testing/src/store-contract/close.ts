import { expect } from 'vitest'
import type { Promised } from './fixture.ts'
import { range, refused } from './reading.ts'

/** The end of a store. */
export function closePromises(promised: Promised): void {
  promised('closing waits for the commits under way', async ({ store, event }) => {
    let resolved = 0
    const commits = range(1, 50).map(() =>
      store.commit({ append: [{ event: event('t') }] }).then(() => {
        resolved++
      }),
    )
    await store.close()
    expect(resolved).toBe(50)
    await Promise.all(commits)
  })

  promised('a closed store commits nothing', async (fixture) => {
    const { store, event } = fixture
    await store.close()
    await refused('STORE_STOPPED', store.commit({ append: [{ event: event('t') }] }))
    await refused('STORE_STOPPED', store.commit({}))
    await fixture.reopen()
    expect((await fixture.store.inspect()).head).toBe(0)
  })

  promised('a commit that comes while the store closes is refused or durable', async (fixture) => {
    const { store, event } = fixture
    const closing = store.close()
    const late = await store.commit({ append: [{ event: event('late') }] }).then(
      () => 1,
      (error) => {
        expect(error).toMatchObject({ code: 'STORE_STOPPED' })
        return 0
      },
    )
    await closing
    await fixture.reopen()
    expect((await fixture.store.readLog({ after: 0, limit: 9 })).records).toHaveLength(late)
  })

  promised('a store is closed once, however often it is asked to', async ({ store }) => {
    await Promise.all([store.close(), store.close()])
    await store.close()
  })

  promised('a closed store tells its listeners nothing more', async (fixture) => {
    const { store, event } = fixture
    let told = 0
    store.onCommit(() => void told++)
    await store.close()
    await fixture.reopen()
    const before = told
    await fixture.store.commit({ append: [{ event: event('t') }] })
    await fixture.clock.advance(1_000)
    expect(told).toBe(before)
  })
}
