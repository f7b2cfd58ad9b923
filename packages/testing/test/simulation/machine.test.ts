import { describe, expect, test } from 'vitest'
import { randomOf } from '../../faults/random.ts'
import { Scheduler } from '../../simulation/machine/scheduler.ts'

const never = (): never => {
  throw new Error('nothing was to be thrown')
}

/** Runs the machine until nothing is left to be done, or so long. */
const run = (scheduler: Scheduler, untilMs = 1_000_000) => scheduler.run(() => false, untilMs, never)

const machine = (seed = 1) => new Scheduler(randomOf(seed), 0)

describe('processes', () => {
  test('promises settle between two tasks, however many follow from each other', async () => {
    const scheduler = machine()
    const process = scheduler.spawn('a')
    const seen: string[] = []
    scheduler.soon(process, () => {
      void (async () => {
        for (let n = 0; n < 100; n++) await Promise.resolve()
        seen.push('first')
      })()
    })
    scheduler.soon(process, () => seen.push('second'))
    expect(await run(scheduler)).toBe('idle')
    expect(seen).toEqual(['first', 'second'])
  })

  test('timers run at their time, of which as much passes as it takes', async () => {
    const scheduler = machine()
    const process = scheduler.spawn('a')
    const at: number[] = []
    for (const ms of [3_600_000, 5, 100]) scheduler.after(process, ms, () => at.push(scheduler.elapsedMs))
    scheduler.after(process, 50, () => at.push(-1))()
    await run(scheduler, 10_000_000)
    expect(at).toHaveLength(3)
    for (const [index, ms] of [5, 100, 3_600_000].entries()) expect(at[index]).toBeGreaterThanOrEqual(ms)
    expect(at[2]).toBeLessThan(3_601_000)
  })

  test('a dead one does nothing more, and is not heard', async () => {
    const scheduler = machine()
    const [a, b] = [scheduler.spawn('a'), scheduler.spawn('b')]
    const seen: string[] = []
    scheduler.soon(a, () => {
      scheduler.kill(a)
      scheduler.send(a, b, 0, () => seen.push('from the dead'))
      scheduler.soon(a, () => seen.push('of the dead'))
    })
    scheduler.after(a, 10, () => seen.push('later'))
    scheduler.send(b, a, 5, () => seen.push('to the dead'))
    await run(scheduler)
    expect(seen).toEqual([])
  })

  test('a frozen one goes on where it stood', async () => {
    const scheduler = machine()
    const [a, b] = [scheduler.spawn('a'), scheduler.spawn('b')]
    const seen: string[] = []
    a.state = 'frozen'
    scheduler.soon(a, () => seen.push(`soon at ${Math.floor(scheduler.elapsedMs / 100)}`))
    scheduler.after(a, 10, () => seen.push(`timer at ${Math.floor(scheduler.elapsedMs / 100)}`))
    scheduler.after(b, 500, () => {
      a.state = 'running'
    })
    await run(scheduler)
    expect(seen.toSorted()).toEqual(['soon at 5', 'timer at 5'])
  })

  test('the wall clock jumps, and no timer with it', async () => {
    const scheduler = machine()
    const process = scheduler.spawn('a')
    const clock = scheduler.clockOf(process)
    const seen: number[] = []
    clock.after(100, () => seen.push(clock.monotonic()))
    scheduler.jump(3_600_000)
    expect(clock.now()).toBe(3_600_000)
    await run(scheduler)
    expect(seen).toHaveLength(1)
    expect(seen[0]).toBeLessThan(200)
  })
})

describe('messages', () => {
  test('of one process to another keep their order, whatever their latencies; others may overtake', async () => {
    const order = async (seed: number): Promise<string> => {
      const scheduler = machine(seed)
      const [a, b, c] = ['a', 'b', 'c'].map((name) => scheduler.spawn(name)) as [never, never, never]
      const seen: string[] = []
      for (const [n, latencyMs] of [50, 0, 20].entries()) scheduler.send(a, c, latencyMs, () => seen.push(`a${n}`))
      for (const [n, latencyMs] of [0, 60].entries()) scheduler.send(b, c, latencyMs, () => seen.push(`b${n}`))
      await run(scheduler)
      expect(seen.filter((name) => name.startsWith('a'))).toEqual(['a0', 'a1', 'a2'])
      expect(seen.filter((name) => name.startsWith('b'))).toEqual(['b0', 'b1'])
      return seen.join()
    }
    expect(await order(1)).toBe('b0,a0,a1,a2,b1')
  })

  test('the newest of a process can be lost', async () => {
    const scheduler = machine()
    const [a, b] = [scheduler.spawn('a'), scheduler.spawn('b')]
    const seen: number[] = []
    for (let n = 0; n < 5; n++) scheduler.send(a, b, n > 2 ? 10 : 0, () => seen.push(n))
    scheduler.loseMessages(a, b, (count) => count - 2)
    await run(scheduler)
    expect(seen).toEqual([0, 1, 2])
  })
})

test('a seed decides who is next, and the fingerprint tells one course from another', async () => {
  const course = async (seed: number) => {
    const scheduler = machine(seed)
    const seen: string[] = []
    for (const name of ['a', 'b', 'c']) {
      const process = scheduler.spawn(name)
      for (let n = 0; n < 5; n++) scheduler.soon(process, () => seen.push(`${name}${n}`))
    }
    await run(scheduler)
    return { course: seen.join(), fingerprint: scheduler.trace.fingerprint }
  }
  const [first, again, other] = [await course(1), await course(1), await course(2)]
  expect(again).toEqual(first)
  expect(other.course).not.toBe(first.course)
  expect(other.fingerprint).not.toBe(first.fingerprint)
})

test('what a task throws is told, and the others go on', async () => {
  const scheduler = machine()
  const process = scheduler.spawn('a')
  const told: unknown[] = []
  const seen: string[] = []
  scheduler.soon(process, () => {
    throw new Error('wrong')
  })
  scheduler.soon(process, () => seen.push('next'))
  await scheduler.run(
    () => false,
    1_000,
    ({ name }, error) => told.push([name, String(error)]),
  )
  expect(told).toEqual([['a', 'Error: wrong']])
  expect(seen).toEqual(['next'])
})
