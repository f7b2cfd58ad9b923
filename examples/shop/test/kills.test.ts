import { expect, onTestFinished, test } from 'vitest'
import { runWithKills } from './kills.ts'
import { sliceOf, TemporaryFolder } from './slice.ts'

test.each([1, 2])(
  'killed at random moments (seed %i), the shop comes to the same totals',
  async (seed) => {
    const folder = new TemporaryFolder()
    onTestFinished(() => folder[Symbol.dispose]())
    const data = await sliceOf(folder.path, 300 * seed, 300)
    const rounds = await runWithKills({ data, kills: 4, seed, longestMs: 300 })
    expect(rounds.flatMap(({ faults }) => faults)).toEqual([])
    expect(rounds.reduce((sum, { kills }) => sum + kills, 0)).toBe(4)
    for (const { orders, retries } of rounds) {
      expect(orders).toBeGreaterThan(100)
      // A death is no failed attempt: how often the gateway and the mail server were asked again depends on the seed alone.
      expect(retries).toEqual(rounds[0]?.retries)
    }
  },
  60_000,
)
