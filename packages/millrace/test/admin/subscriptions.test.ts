import { describe, expect, it } from 'vitest'
import { operated } from './operated.ts'

const lease = 'subscription:s'
const owner = { instance: 'app', pid: process.pid, host: 'here' }

describe('subscriptions', () => {
  it('are paused, resumed and rewound', async () => {
    const { operator, publish, subscribe, settle, clock } = await operated()
    await subscribe('s', 't')
    const early = await publish('t', 3)
    await clock.advance(1_000)
    const time = new Date(clock.now())
    const late = await publish('t', 2)
    await settle('s', [...early, ...late], 'ack')
    const state = async () => (await operator.subscriptions())[0]!

    await operator.pause('s', 'the bank is down')
    expect(await state()).toMatchObject({ paused: 'the bank is down', lag: 0, floor: late[1] })
    await operator.resume('s')
    expect((await state()).paused).toBeNull()
    await operator.rewind('s', { position: early[1]! })
    expect((await state()).lag).toBe(4)
    await operator.rewind('s', { time })
    expect((await state()).lag).toBe(2)
    await operator.rewind('s', 'beginning')
    expect((await state()).lag).toBe(5)
    await operator.rewind('s', 'now')
    expect((await state()).lag).toBe(0)

    const unknown = { code: 'SUBSCRIPTION_UNKNOWN', fields: { subscription: 'x' } }
    await expect(operator.pause('x', '')).rejects.toMatchObject(unknown)
    await expect(operator.resume('x')).rejects.toMatchObject(unknown)
    await expect(operator.rewind('x', 'now')).rejects.toMatchObject(unknown)
  })

  it('are removed with all that is kept for them, unless an application runs them', async () => {
    const { operator, store, publish, subscribe, settle } = await operated()
    await subscribe('s', 't')
    const [position] = await publish('t', 1)
    await settle('s', [position!], 'dead')
    const { epochs } = await store.commit({ leases: [{ kind: 'acquire', name: lease, owner, ttlMs: 60_000 }] })
    await expect(operator.remove('s')).rejects.toMatchObject({ code: 'LEASE_HELD' })
    expect(await operator.deadLetters.list()).toHaveLength(1)

    await store.commit({ leases: [{ kind: 'release', name: lease, epoch: epochs[0]!.epoch }] })
    await operator.remove('s')
    expect(await operator.subscriptions()).toEqual([])
    expect(await operator.deadLetters.list()).toEqual([])
    const again = await store.commit({ leases: [{ kind: 'acquire', name: lease, owner, ttlMs: 60_000 }] })
    expect(again.epochs[0]!.clean, 'the lease was given back').toBe(true)
    await expect(operator.remove('x')).rejects.toMatchObject({ code: 'SUBSCRIPTION_UNKNOWN' })
  })
})

describe('a replay', () => {
  /** Two events each of an early, a middle and a late time, all settled but the last; before them, two of another topic. */
  const history = async () => {
    const all = await operated()
    const { publish, subscribe, settle, clock, operator } = all
    const [, last] = await publish('u', 2)
    await subscribe('s', 't')
    await subscribe('other', 't')
    // What is not of its topics is passed over by whoever reads for it, of which there is none here.
    for (const name of ['s', 'other']) await operator.rewind(name, { position: last! + 1 })
    const positions = [...(await publish('t', 2))]
    await clock.advance(1_000)
    const from = new Date(clock.now())
    positions.push(...(await publish('t', 2)))
    await clock.advance(1_000)
    const until = new Date(clock.now())
    positions.push(...(await publish('t', 2)))
    await settle('s', positions.slice(0, -1), 'ack', 1)
    const replayed = async () => {
      const kept = await operator.parked.list()
      return kept.map(
        ({ subscription, position, reason }) => `${subscription} ${positions.indexOf(position)} ${reason}`,
      )
    }
    return { ...all, positions, from, until, replayed }
  }

  it('delivers what lies between two times once more, to that subscription alone', async () => {
    const { operator, from, until, replayed } = await history()
    const before = await operator.subscriptions()
    expect(await operator.replay('s', { from, until })).toMatchObject({ events: 2 })
    expect(await replayed()).toEqual(['s 2 replayed', 's 3 replayed'])
    const after = await operator.subscriptions()
    expect(after.find(({ name }) => name === 's')!.floor).toBe(before.find(({ name }) => name === 's')!.floor)
    expect(after.find(({ name }) => name === 'other')).toEqual(before.find(({ name }) => name === 'other'))
  })

  it('delivers what lies between two positions once more', async () => {
    const { operator, positions, replayed } = await history()
    const range = { after: positions[0]!, through: positions[3]! }
    expect(await operator.replay('s', range)).toEqual({ events: 3, through: positions[3] })
    expect(await replayed()).toEqual(['s 1 replayed', 's 2 replayed', 's 3 replayed'])
  })

  it('leaves out what comes in any case, as it is not settled yet', async () => {
    const { operator, positions, replayed } = await history()
    expect(await operator.replay('s', {})).toEqual({ events: 5, through: positions[4] })
    expect(await replayed()).toHaveLength(5)
    await expect(operator.replay('x', {})).rejects.toMatchObject({ code: 'SUBSCRIPTION_UNKNOWN' })
  })

  it('takes more than one unit where it must', async () => {
    const { operator, store, publish, subscribe, settle } = await operated()
    await subscribe('s', 't')
    const positions = await publish('t', 1_203)
    await settle('s', positions, 'ack')
    expect(await operator.replay('s', { after: positions[0]! })).toEqual({ events: 1_202, through: positions.at(-1) })
    expect((await store.readSubscription('s'))!.pending).toBe(1_202)
  })
})
