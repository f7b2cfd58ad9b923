import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@millrace/testing'
import { describe, expect, it } from 'vitest'
import { ask, folder, refusal, run, start } from './command-line.ts'
import { OrderRequested } from './shop.ts'
import { runningShop, storeOfShop } from './store.ts'

interface Delivery {
  readonly position: number
  readonly reason: string
}

interface Subscription {
  readonly name: string
  readonly floor: number
  readonly lag: number
  readonly dead: number
  readonly paused: string | null
  readonly owner: string | null
}

const subscription = async (path: string, name: string): Promise<Subscription> =>
  ask<Subscription>(['subscriptions', name, '--store', path])

describe('beside a running application, an operator', () => {
  it('sees topics, subscriptions and the store', async () => {
    const { path, order } = await runningShop()
    await order(100, -5, 200)
    const at = ['--store', path]
    expect(await ask(['topics', ...at])).toMatchObject([{ name: 'shop.order.requested', events: 3 }])
    expect(await ask(['subscriptions', ...at])).toMatchObject([
      { name: 'mails', lag: 0, dead: 0 },
      { name: 'payments', lag: 0, floor: 3, dead: 1 },
    ])
    expect((await subscription(path, 'payments')).owner).not.toBeNull()
    const known = ['shop.balance', 'shop.charge', 'shop.order.requested'].map((name) =>
      expect.objectContaining({ name }),
    )
    expect(await ask(['inspect', ...at])).toMatchObject({ head: 3, timers: 0, contracts: known })

    const { out } = await run(['subscriptions', ...at])
    expect(out).toMatch(/^SUBSCRIPTION +STATE +LAG .*\nmails +running +0 .*\npayments +running +0 /)
    expect((await run(['topics', ...at])).out).toMatch(/^TOPIC +EVENTS +DATA +EVER +NEWEST\nshop\.order\.requested +3 /)
    expect((await run(['inspect', ...at])).out).toMatch(/newest position +3\n/)
    expect((await run(['subscriptions', 'payments', ...at])).out).toMatch(/dead +1\n/)
    expect(await refusal(['subscriptions', 'nobody', ...at])).toMatchObject({ exit: 3, code: 'SUBSCRIPTION_UNKNOWN' })
  })

  it('pauses, resumes and rewinds', async () => {
    const { path, order, application } = await runningShop()
    await order(1, 2, 3)
    const at = ['--store', path]
    expect(await ask(['pause', 'payments', '--reason', 'the bank is down', ...at])).toEqual({
      subscription: 'payments',
      paused: 'the bank is down',
    })
    const phaseOf = (name: string) => application.health().services.find((one) => one.name === name)?.phase
    await eventually(() => phaseOf('payments') === 'paused')
    await application.publish(OrderRequested, { orderId: 'later', total: 4 })
    await application.idle(['mails'])
    expect(await subscription(path, 'payments')).toMatchObject({ paused: 'the bank is down', lag: 1 })
    await ask(['resume', 'payments', ...at])
    await application.idle()
    expect(await subscription(path, 'payments')).toMatchObject({ paused: null, lag: 0 })

    expect(await ask(['rewind', 'mails', '--to', '2', '--yes', ...at])).toEqual({
      subscription: 'mails',
      from: 4,
      to: 1,
      lag: 3,
    })
    await application.idle()
    expect(await subscription(path, 'mails')).toMatchObject({ floor: 4, settled: { handled: 7 } })
    expect(await refusal(['rewind', 'nobody', '--to', 'now', '--yes', ...at])).toMatchObject({ exit: 3 })
    expect(await refusal(['rewind', 'mails', ...at])).toMatchObject({ exit: 2 })
  })

  it('replays a part of the log to one subscription', async () => {
    const { path, order, settled } = await runningShop()
    await order(1, 2, 3)
    const replay = ['replay', 'mails', '--after', '1', '--store', path]
    expect(await ask(replay)).toEqual({ subscription: 'mails', events: 2, through: 3 })
    await settled()
    expect(await subscription(path, 'mails')).toMatchObject({ settled: { handled: 5 } })
    expect(await subscription(path, 'payments')).toMatchObject({ settled: { handled: 3 } })
    expect(await refusal(['replay', 'mails', '--store', path])).toMatchObject({ exit: 2 })
  })

  it('mends and redrives a dead letter', async () => {
    const { path, order, settled } = await runningShop()
    await order(-5, -6)
    const at = ['--store', path]
    const [first] = await ask<Delivery[]>(['dead-letters', ...at])
    expect(first).toMatchObject({
      subscription: 'payments',
      position: 1,
      reason: 'exhausted',
      attempts: 2,
      state: 'dead',
    })

    const { out } = await run(['dead-letters', 'show', 'payments', '1', ...at])
    expect(out).toContain('RangeError: a total of -5 cannot be charged')
    expect(out).toMatch(/shop\.ts:\d+/)
    expect(out).toContain('"total": -5')

    const edit = ['dead-letters', 'edit', 'payments', '1', '{"orderId":"o-1","total":5}', '--redrive', ...at]
    expect(await ask(edit)).toMatchObject({ edited: true, redriven: 1 })
    await settled()
    expect(await ask<Delivery[]>(['dead-letters', ...at])).toMatchObject([{ position: 2 }])
    // The log keeps what was published.
    const { out: logged } = await run(['tail', '--from', '1', '-n', '1', '--json', ...at])
    expect(JSON.parse(logged)).toMatchObject({ position: 1, event: { data: { total: -5 } } })

    expect(await ask(['dead-letters', 'redrive', 'payments', '--all', ...at])).toEqual({
      subscription: 'payments',
      redriven: 1,
    })
    await settled()
    expect(await ask<Delivery[]>(['dead-letters', ...at])).toMatchObject([{ position: 2, attempts: 2 }])
    expect(await ask(['dead-letters', 'discard', 'payments', '2', '--yes', ...at])).toMatchObject({ discarded: 1 })
    expect((await run(['dead-letters', ...at])).out).toBe('There are no dead letters.\n')
    expect(await refusal(['dead-letters', 'redrive', 'payments', '2', ...at])).toMatchObject({
      exit: 3,
      code: 'DELIVERY_UNKNOWN',
    })
  })

  it('cannot remove a subscription that runs', async () => {
    const { path, application } = await runningShop()
    const remove = ['remove', 'mails', '--yes', '--store', path]
    expect(await refusal(remove)).toMatchObject({ exit: 4, code: 'LEASE_HELD' })
    await application.stop()
    expect(await ask(remove)).toEqual({ subscription: 'mails', removed: true })
    expect(await ask(['subscriptions', '--store', path])).toMatchObject([{ name: 'payments' }])
  })
})

describe('without a running application, an operator', () => {
  it('lists and cancels timers', async () => {
    const path = await storeOfShop()
    const at = ['--store', path]
    const order = ['publish', 'shop.order.requested', '{"orderId":"o-1","total":1}', ...at]
    const { id } = await ask<{ id: string }>([...order, '--at', '1h'])
    expect(await ask(['timers', ...at])).toMatchObject([{ id, event: { type: 'shop.order.requested' } }])
    expect((await run(['timers', ...at])).out).toMatch(/in (59 min|1 h)/)
    expect(await ask(['timers', 'cancel', id, ...at])).toEqual({ cancelled: [id] })
    expect((await run(['timers', ...at])).out).toBe('No timer is set.\n')
    expect(await refusal(['timers', 'cancel', id, ...at])).toMatchObject({ exit: 3, code: 'TIMER_GONE' })
  })

  it('releases what is parked', async () => {
    const path = await storeOfShop(-5)
    const at = ['--store', path]
    expect((await run(['parked', ...at])).out).toBe('Nothing is parked.\n')
    await ask(['dead-letters', 'redrive', 'payments', '1', ...at])
    expect(await ask(['parked', ...at])).toMatchObject([{ position: 1, state: 'parked', reason: 'redriven' }])
    expect((await run(['parked', 'list', 'payments', ...at])).out).toMatch(
      /payments +1 +shop\.order\.requested +o-1 +parked/,
    )
    expect(await ask(['parked', 'release', 'payments', '--all', ...at])).toEqual({
      subscription: 'payments',
      released: 1,
    })
    expect(await refusal(['parked', 'release', 'payments', '9', ...at])).toMatchObject({ exit: 3 })
    expect(await refusal(['parked', 'release', 'payments', ...at])).toMatchObject({ exit: 2 })
  })

  it('verifies a store', async () => {
    const path = await storeOfShop(1, 2)
    const { code, out } = await run(['verify', '--store', path])
    expect(code).toBe(0)
    expect(out).toMatch(/✓ events: /)
    expect(out).toContain('is whole.')

    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(path)
    database.exec("UPDATE millrace_topic SET events = 77 WHERE name = 'shop.order.requested'")
    database.close()
    const wrong = await run(['verify', '--store', path, '--json'])
    expect(wrong.code).toBe(1)
    const report = JSON.parse(wrong.out) as { ok: boolean; findings: { ok: boolean; check: string }[] }
    expect(report.ok).toBe(false)
    expect(report.findings.filter(({ ok }) => !ok)).toMatchObject([{ check: 'events' }])
  })

  it('backs a store up', async () => {
    const path = await storeOfShop(1, 2)
    const target = join(folder(), 'copy.db')
    expect(await ask(['backup', target, '--store', path])).toMatchObject({ store: path, target, head: 2 })
    expect(await ask(['topics', '--store', target])).toEqual(await ask(['topics', '--store', path]))
    expect(await refusal(['backup', target, '--store', path])).toMatchObject({ exit: 1, code: 'BACKUP_FAILED' })
    writeFileSync(`${target}.txt`, 'not a store')
    expect(await refusal(['backup', `${target}.2`, '--store', `${target}.txt`])).toMatchObject({
      code: 'STORE_FOREIGN',
    })
    expect(existsSync(`${target}.2`)).toBe(false)
  })
})

describe('what cannot be undone', () => {
  it('is asked on a terminal', async () => {
    const path = await storeOfShop(-1)
    const discard = ['dead-letters', 'discard', 'payments', '1', '--store', path]
    const dead = async () => (await subscription(path, 'payments')).dead
    const no = start(discard, { columns: 80 })
    no.type('n')
    expect(await no.ended).toMatchObject({ code: 1, err: expect.stringContaining('Nothing was changed.') })
    expect(await dead()).toBe(1)
    const yes = start(discard, { columns: 80 })
    yes.type('y')
    expect(await yes.ended).toMatchObject({
      code: 0,
      err: expect.stringContaining("Discard 1 dead letter of 'payments'? [y/N]"),
    })
    expect(await dead()).toBe(0)
  })

  it('needs --yes elsewhere', async () => {
    const path = await storeOfShop(-1)
    for (const args of [
      ['dead-letters', 'discard', 'payments', '--all'],
      ['rewind', 'payments', '--to', 'now'],
      ['remove', 'mails'],
    ]) {
      const { code, err } = await run([...args, '--store', path])
      expect(code).toBe(2)
      expect(err).toContain('pass --yes')
    }
    expect((await subscription(path, 'payments')).dead).toBe(1)
  })
})
