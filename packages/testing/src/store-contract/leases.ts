import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { LeaseOwner, LeaseWrite } from 'millrace/engine'
import { expect } from 'vitest'
import type { Promised } from './fixture.ts'
import { owner, takeLease } from './leasing.ts'
import { range, refused } from './reading.ts'

const ttlMs = 10_000

const acquire = (instance: string, fields?: Partial<LeaseOwner>): { leases: LeaseWrite[] } => ({
  leases: [{ kind: 'acquire', name: 'lease', owner: owner(instance, fields), ttlMs }],
})

/** Leases: one owner at a time, each with an epoch that fences those before it. */
export function leasePromises(promised: Promised): void {
  promised('a free lease is granted with an epoch, and is clean', async ({ store }) => {
    const { epochs } = await store.commit({
      leases: ['a', 'b'].map((name) => ({ kind: 'acquire', name, owner: owner('me'), ttlMs })),
    })
    expect(epochs).toMatchObject([{ clean: true }, { clean: true }])
    expect(epochs.every(({ epoch }) => Number.isSafeInteger(epoch) && epoch >= 1)).toBe(true)
  })

  promised('a held lease is refused with the one who holds it', async ({ store, clock }) => {
    await store.commit(acquire('first', { pid: process.ppid }))
    const untilMs = clock.now() + ttlMs
    await clock.advance(ttlMs - 1)
    const fields = await refused('LEASE_HELD', store.commit(acquire('second')))
    expect(fields).toMatchObject({ lease: 'lease', pid: process.ppid, untilMs })
    expect(fields.owner).toContain('first')
  })

  promised('a lease that ran out is granted with a higher epoch, and is not clean', async ({ store, clock }) => {
    const before = await store.commit(acquire('first'))
    await clock.advance(ttlMs + 1)
    const after = await store.commit(acquire('second'))
    expect(after.epochs[0]!.epoch).toBeGreaterThan(before.epochs[0]!.epoch)
    expect(after.epochs[0]!.clean).toBe(false)
  })

  promised('a renewed lease is held on', async ({ store, clock }) => {
    const epoch = await takeLease(store, 'lease', 'first', ttlMs)
    for (const _ of range(1, 3)) {
      await clock.advance(ttlMs - 1)
      await store.commit({ leases: [{ kind: 'renew', name: 'lease', epoch, ttlMs }] })
    }
    await clock.advance(ttlMs - 1)
    await refused('LEASE_HELD', store.commit(acquire('second')))
    await clock.advance(2)
    await store.commit(acquire('second'))
  })

  promised('a released lease is granted at once with a higher epoch, and is clean', async ({ store }) => {
    const epoch = await takeLease(store, 'lease', 'first')
    await store.commit({ leases: [{ kind: 'release', name: 'lease', epoch }] })
    const { epochs } = await store.commit(acquire('second'))
    expect(epochs[0]!.epoch).toBeGreaterThan(epoch)
    expect(epochs[0]!.clean).toBe(true)
  })

  promised('a lease that was released is not its owner’s any more', async ({ store }) => {
    const epoch = await takeLease(store, 'lease', 'first')
    const release: LeaseWrite = { kind: 'release', name: 'lease', epoch }
    await store.commit({ leases: [release] })
    await refused('LEASE_LOST', store.commit({ leases: [{ kind: 'renew', name: 'lease', epoch, ttlMs }] }))
    await refused('LEASE_LOST', store.commit({ leases: [release] }))
  })

  promised('an owner is not refused its own lease', async ({ store }) => {
    const before = await store.commit(acquire('me'))
    const after = await store.commit(acquire('me'))
    expect(after.epochs[0]!.epoch).toBeGreaterThanOrEqual(before.epochs[0]!.epoch)
  })

  promised('whoever lost a lease can neither renew nor release it', async ({ store, clock }) => {
    const epoch = await takeLease(store, 'lease', 'first', ttlMs)
    await clock.advance(ttlMs + 1)
    const actual = await takeLease(store, 'lease', 'second', ttlMs)
    for (const write of [
      { kind: 'renew', name: 'lease', epoch, ttlMs },
      { kind: 'release', name: 'lease', epoch },
    ] as const) {
      const fields = await refused('LEASE_LOST', store.commit({ leases: [write] }))
      expect(fields).toEqual({ lease: 'lease', epoch, actual })
    }
    await refused('LEASE_HELD', store.commit(acquire('third')))
    await store.commit({ leases: [{ kind: 'renew', name: 'lease', epoch: actual, ttlMs }] })
  })

  promised('of many who ask at once one is granted', async ({ store }) => {
    const results = await Promise.allSettled(range(1, 50).map((n) => store.commit(acquire(`instance ${n}`))))
    const refusals = results.filter((result) => result.status === 'rejected')
    expect(refusals).toHaveLength(49)
    expect(refusals.map(({ reason }) => reason.code)).toEqual(Array(49).fill('LEASE_HELD'))
  })

  promised('the lease of a process that died is granted without waiting, and is not clean', async ({ store }) => {
    const pid = await pidOfTheDead()
    const before = await store.commit(acquire('dead', { pid }))
    const after = await store.commit(acquire('me'))
    expect(after.epochs[0]!.epoch).toBeGreaterThan(before.epochs[0]!.epoch)
    expect(after.epochs[0]!.clean).toBe(false)
  })

  promised('the pid of another host says nothing about its process', async ({ store }) => {
    await store.commit(acquire('elsewhere', { pid: await pidOfTheDead(), host: 'another host' }))
    await refused('LEASE_HELD', store.commit(acquire('me')))
  })

  promised('leases and their epochs outlive the engine', async (fixture) => {
    const epoch = await takeLease(fixture.store, 'lease', 'first', ttlMs)
    await fixture.reopen()
    await refused('LEASE_HELD', fixture.store.commit(acquire('second')))
    await fixture.store.commit({ leases: [{ kind: 'release', name: 'lease', epoch }] })
    await fixture.reopen()
    const { epochs } = await fixture.store.commit(acquire('second'))
    expect(epochs[0]!.epoch).toBeGreaterThan(epoch)
  })
}

/** The pid of a process that has ended. */
async function pidOfTheDead(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid!
}
