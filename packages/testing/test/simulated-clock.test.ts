import { simulatedClock } from '@millrace/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('simulatedClock', () => {
  test('stands still until it is advanced, and starts where it is told', async () => {
    const clock = simulatedClock(new Date('2026-03-01T00:00:00Z'))
    expect([clock.now(), clock.monotonic()]).toEqual([Date.UTC(2026, 2, 1), 0])
    await clock.advance(1_500)
    expect([clock.now(), clock.monotonic()]).toEqual([Date.UTC(2026, 2, 1) + 1_500, 1_500])
  })

  test('runs each timer once and at its own time, in order, also those that timers set', async () => {
    const clock = simulatedClock(0)
    const ran: string[] = []
    const note = (name: string) => () => void ran.push(`${name}@${clock.monotonic()}`)
    clock.after(30, note('late'))
    clock.after(10, () => {
      note('early')()
      clock.after(5, note('nested'))
      clock.after(0, note('at once'))
    })
    clock.after(10, note('same time, set later'))
    clock.after(41, note('beyond'))
    await clock.advance(40)
    expect(ran).toEqual(['early@10', 'same time, set later@10', 'at once@10', 'nested@15', 'late@30'])
    expect(clock.waiting).toBe(1)
    await clock.advance(1)
    expect(ran.at(-1)).toBe('beyond@41')
    expect(clock.waiting).toBe(0)
  })

  test('lets promises settle between timers', async () => {
    const clock = simulatedClock(0)
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
    const times: number[] = []
    const loop = async () => {
      for (let round = 0; round < 4; round++) {
        await sleep(10)
        await null
        times.push(clock.now())
      }
    }
    const done = loop()
    await clock.advance(1_000)
    await done
    expect(times).toEqual([10, 20, 30, 40])
  })

  test('a cancelled timer does not run, and cancelling twice or after it ran is harmless', async () => {
    const clock = simulatedClock()
    let runs = 0
    const cancel = clock.after(10, () => void runs++)
    cancel()
    cancel()
    const other = clock.after(10, () => void runs++)
    await clock.advance(10)
    other()
    expect(runs).toBe(1)
  })

  test('a jump moves the wall clock alone and runs nothing', async () => {
    const clock = simulatedClock(1_000)
    let ran = false
    clock.after(10, () => {
      ran = true
    })
    clock.jump(-500)
    expect([clock.now(), clock.monotonic(), ran]).toEqual([500, 0, false])
    clock.jump(60_000)
    expect([clock.now(), clock.monotonic(), ran]).toEqual([60_500, 0, false])
    await clock.advance(10)
    expect([clock.now(), clock.monotonic(), ran]).toEqual([60_510, 10, true])
  })

  test('the wall clock shows whole milliseconds, also between them', async () => {
    const clock = simulatedClock(1_000)
    const shown: number[] = []
    clock.after(10 / 3, () => void shown.push(clock.now(), clock.monotonic()))
    await clock.advance(10)
    expect(shown).toEqual([1_003, 10 / 3])
  })

  test('advances that overlap take turns', async () => {
    const clock = simulatedClock(0)
    await Promise.all([clock.advance(10), clock.advance(20)])
    expect(clock.now()).toBe(30)
  })

  test('what a timer throws reaches the one who advanced, and the clock goes on', async () => {
    const clock = simulatedClock(0)
    clock.after(5, () => {
      throw new Error('from the timer')
    })
    await expect(clock.advance(10)).rejects.toThrow('from the timer')
    expect(clock.now()).toBe(5)
    await clock.advance(10)
    expect(clock.now()).toBe(15)
  })

  test('refuses to advance backwards or by nonsense', async () => {
    const clock = simulatedClock()
    expect(() => clock.advance(-1)).toThrow('jump')
    expect(() => clock.advance(Number.NaN)).toThrow('jump')
    expect(() => clock.advance(Number.POSITIVE_INFINITY)).toThrow('jump')
    expect(() => clock.after(Number.NaN, () => {})).toThrow('delay')
  })

  test('timers run in the order of their due times, however they were set and the time was cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(50), { maxLength: 20 }),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
        async (delays, steps) => {
          const clock = simulatedClock(0)
          const ran: [due: number, order: number][] = []
          delays.forEach((delay, order) => {
            clock.after(delay, () => {
              expect(clock.monotonic()).toBe(delay)
              ran.push([delay, order])
            })
          })
          for (const step of steps) await clock.advance(step)
          const total = steps.reduce((sum, step) => sum + step, 0)
          const expected = delays
            .map((delay, order): [number, number] => [delay, order])
            .filter(([delay]) => delay <= total)
            .sort(([a, i], [b, j]) => a - b || i - j)
          expect(ran).toEqual(expected)
        },
      ),
      { numRuns: 50 },
    )
  })
})
