import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { isAlive, processStart } from '../../src/sqlite/tables/process-life.ts'
import type { LeaseOwner } from '../../src/store/index.ts'
import { me, newPath, openEngine } from './engine.ts'

const acquire = (owner: LeaseOwner) => ({ leases: [{ kind: 'acquire' as const, name: 'l', owner, ttlMs: 60_000 }] })

async function anotherProcess(): Promise<{ pid: number; kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const exit = once(child, 'exit')
  await once(child, 'spawn')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exit
  }
  onTestFinished(kill)
  return { pid: child.pid!, kill }
}

test('a lease of a process that died is taken at once, and known not to have been released', async () => {
  const { store } = await openEngine()
  const { pid, kill } = await anotherProcess()
  const first = await store.commit(acquire({ instance: 'other', pid, host: 'here' }))
  expect(first.epochs).toEqual([{ epoch: 1, clean: true }])
  await expect(store.commit(acquire(me))).rejects.toMatchObject({ code: 'LEASE_HELD', fields: { lease: 'l', pid } })
  await kill()
  await expect(
    store.commit(acquire({ ...me, host: 'elsewhere' })),
    'a number means nothing there',
  ).rejects.toMatchObject({
    code: 'LEASE_HELD',
  })
  expect((await store.commit(acquire(me))).epochs).toEqual([{ epoch: 2, clean: false }])
})

test.runIf(processStart(process.pid) !== null)(
  'a number that was given to another process is not its old owner',
  async () => {
    const path = newPath()
    const { store } = await openEngine({ path })
    const { pid } = await anotherProcess()
    await store.commit(acquire({ instance: 'other', pid, host: 'here' }))
    await expect(store.commit(acquire(me))).rejects.toMatchObject({ code: 'LEASE_HELD' })
    // As if that process had been started at another time than the owner.
    const database = new DatabaseSync(path)
    database.exec("UPDATE millrace_lease SET started = started || '0'")
    database.close()
    expect((await store.commit(acquire(me))).epochs).toEqual([{ epoch: 2, clean: false }])
  },
)

test('whether a process lives', async () => {
  const { pid, kill } = await anotherProcess()
  expect(isAlive(pid, null)).toBe(true)
  expect(isAlive(pid, processStart(pid))).toBe(true)
  await kill()
  expect(isAlive(pid, null)).toBe(false)
  expect(processStart(pid)).toBeNull()
})
