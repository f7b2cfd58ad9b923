import { join } from 'node:path'
import { eventually, simulatedClock } from '@millrace/testing'
import fc from 'fast-check'
import { byError, exponential, fixed, immediate, noRetry, type RetryPolicy, service } from 'millrace'
import { describe, expect, test } from 'vitest'
import { Noted } from '../app/contracts.ts'
import { start } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'

const error = new Error('no')
const after = (policy: RetryPolicy, attempts: number, random = 0.5) => policy({ error, attempts, random: () => random })

describe('policies', () => {
  test('none, immediate and fixed', () => {
    expect(after(noRetry, 1)).toBe('give-up')
    expect(after(immediate({ attempts: 2 }), 1)).toEqual({ delayMs: 0 })
    expect(after(immediate({ attempts: 2 }), 2)).toBe('give-up')
    expect(after(fixed({ attempts: 3, delayMs: 70 }), 2)).toEqual({ delayMs: 70 })
    expect(after(fixed({ attempts: 3, delayMs: 70 }), 3)).toBe('give-up')
  })

  test('exponential: each delay is anywhere between nothing and the longest, which doubles up to a limit', () => {
    const policy = exponential({ attempts: 1_000, baseMs: 100, maxMs: 10_000 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 999 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, r) => {
          const longest = Math.min(10_000, 100 * 2 ** (n - 1))
          expect(after(policy, n, r)).toEqual({ delayMs: r * longest })
        },
      ),
    )
    expect(after(policy, 1_000)).toBe('give-up')
  })

  test('exponential without jitter, by another factor', () => {
    const policy = exponential({ attempts: 5, baseMs: 10, factor: 3, jitter: 'none' })
    expect([1, 2, 3, 4].map((n) => after(policy, n))).toEqual([10, 30, 90, 270].map((delayMs) => ({ delayMs })))
  })

  test('by the error', () => {
    const policy = byError((failed) => (failed === error ? immediate({ attempts: 9 }) : noRetry))
    expect(after(policy, 3)).toEqual({ delayMs: 0 })
    expect(policy({ error: new Error('other'), attempts: 1, random: Math.random })).toBe('give-up')
  })

  test('refuse numbers that make no sense', () => {
    for (const wrong of [
      () => immediate({ attempts: 0 }),
      () => fixed({ attempts: 2, delayMs: -1 }),
      () => exponential({ attempts: Number.NaN }),
      () => exponential({ attempts: 3, factor: 0.5 }),
      () => exponential({ attempts: 3, maxMs: '10s' as never }),
    ]) {
      expect(wrong).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    }
  })
})

/** Fails each time, and notes when it was tried. */
async function failing(policy: RetryPolicy, random = 0.5) {
  const tried: number[] = []
  const started = await start({
    random: () => random,
    services: [
      service('failing').on(
        Noted,
        (_event, { attempt }) => {
          tried.push(started.clock.now())
          throw new Error(`attempt ${attempt}`)
        },
        { retry: policy },
      ),
    ],
  })
  return { ...started, tried }
}

describe('a failed delivery', () => {
  test('is tried again after each delay, not earlier, and is given up after the last', async () => {
    const { app, clock, store, tried } = await failing(exponential({ attempts: 4, baseMs: 100 }), 0.5)
    const began = clock.now()
    await app.publish(Noted, { n: 1 })
    await app.idle()
    // Half of 100, 200 and 400, each from the failure before it.
    for (const [passMs, attempts] of [
      [49, 1],
      [1, 2],
      [99, 2],
      [1, 3],
      [199, 3],
      [1, 4],
    ] as const) {
      await clock.advance(passMs)
      await eventually(() => tried.length === attempts)
    }
    expect(tried.map((at) => at - began)).toEqual([0, 50, 150, 350])
    await eventually(async () => (await store.readKept({ subscription: 'failing', state: 'dead', limit: 1 })).length)
    const [dead] = await store.readKept({ subscription: 'failing', state: 'dead', limit: 1 })
    expect(dead).toMatchObject({ reason: 'exhausted', attempts: 4 })
    expect(dead!.history.map(({ atMs, message }) => [atMs - began, message])).toEqual([
      [0, 'attempt 1'],
      [50, 'attempt 2'],
      [150, 'attempt 3'],
      [350, 'attempt 4'],
    ])
  })

  test('is tried five times if nothing else is said, and errors that no retry mends are not tried again', async () => {
    let tried = 0
    const { app, clock } = await start({
      services: [
        service('failing').on(Noted, ({ data }, { publish }) => {
          tried++
          if (data.n === 1) throw new Error('no')
          publish(Noted, { n: 'no number' as never })
        }),
      ],
    })
    await app.publish(Noted, { n: 1 })
    await eventually(async () => {
      await clock.advance(60_000)
      return (await app.inspect()).subscriptions[0]?.dead === 1
    })
    expect(tried).toBe(5)
    await app.publish(Noted, { n: 2 })
    await eventually(async () => (await app.inspect()).subscriptions[0]?.dead === 2)
    expect(tried).toBe(6)
  })

  test('remembers its attempts over a restart, and comes on the time that was set before it', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const clock = simulatedClock()
    const attempts: number[] = []
    const failing = service('failing').on(
      Noted,
      (_event, { attempt }) => {
        attempts.push(attempt)
        if (attempt < 4) throw new Error('not yet')
      },
      { retry: fixed({ attempts: 4, delayMs: 1_000 }) },
    )
    const first = await start({ path, clock, services: [failing] })
    await first.app.publish(Noted, { n: 1 })
    await eventually(() => attempts.length === 1)
    await clock.advance(1_000)
    await eventually(() => attempts.length === 2)
    await first.app.stop()
    clock.jump(999)

    const second = await start({ path, clock, services: [failing] })
    await clock.advance(0)
    expect(attempts).toEqual([1, 2])
    await clock.advance(1)
    await eventually(() => attempts.length === 3)
    await clock.advance(1_000)
    await eventually(async () => (await second.app.inspect()).subscriptions[0]?.settled.handled === 1)
    expect(attempts).toEqual([1, 2, 3, 4])
  })

  test('a clock that was set back when a retry was planned, and is put right, makes it come in time', async () => {
    const path = join(temporaryFolder(), 'store.db')
    const clock = simulatedClock()
    const attempts: number[] = []
    const failing = service('failing').on(
      Noted,
      (_event, { attempt }) => {
        attempts.push(attempt)
        if (attempt < 2) throw new Error('not yet')
      },
      { retry: fixed({ attempts: 2, delayMs: 5_000 }) },
    )
    const first = await start({ path, clock, services: [failing] })
    await first.app.publish(Noted, { n: 1 })
    await eventually(() => attempts.length === 1)
    await eventually(async () => (await first.app.inspect()).subscriptions[0]?.parked === 1)
    await first.app.stop()
    clock.jump(-3_600_000)

    const second = await start({ path, clock, services: [failing] })
    await clock.advance(10_000)
    expect(attempts).toEqual([1])
    clock.jump(3_600_000)
    await clock.advance(1_000)
    await eventually(async () => (await second.app.inspect()).subscriptions[0]?.settled.handled === 1)
  })

  test('its history is bounded: the first failure and the last ones', async () => {
    const { app, store } = await failing(immediate({ attempts: 50 }))
    await app.publish(Noted, { n: 1 })
    await eventually(async () => (await app.inspect()).subscriptions[0]?.dead === 1)
    const [dead] = await store.readKept({ subscription: 'failing', state: 'dead', limit: 1 })
    expect(dead!.attempts).toBe(50)
    expect(dead!.history).toHaveLength(20)
    expect([dead!.history[0]!.message, dead!.history[1]!.message, dead!.history[19]!.message]).toEqual([
      'attempt 1',
      'attempt 32',
      'attempt 50',
    ])
  })

  test('a thousand that are due at once are all handled, while only some are in flight', async () => {
    let failed = true
    let inFlight = 0
    let most = 0
    const { app, clock } = await start({
      services: [
        service('many', { dispatch: 'concurrent', concurrency: 8 }).on(
          Noted,
          async () => {
            if (failed) throw new Error('not yet')
            most = Math.max(most, ++inFlight)
            await new Promise((resolve) => setImmediate(resolve))
            inFlight--
          },
          { retry: fixed({ attempts: 2, delayMs: 1_000 }) },
        ),
      ],
    })
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => app.publish(Noted, { n })))
    await eventually(async () => (await app.inspect()).subscriptions[0]?.parked === 1_000)
    failed = false
    await clock.advance(1_000)
    await eventually(async () => (await app.inspect()).subscriptions[0]?.settled.handled === 1_000)
    expect(most).toBe(8)
  })
})
