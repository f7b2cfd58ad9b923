import { describe, expect, it } from 'vitest'
import { distribution, median, percentile, slope, summary } from '../src/run/statistics.ts'

describe('statistics', () => {
  it('takes the middle, and the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })

  it('gives percentiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect(percentile(hundred, 0.5)).toBe(50)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile(hundred, 1)).toBe(100)
    expect(percentile([7], 0.01)).toBe(7)
  })

  it('tells a distribution', () => {
    expect(distribution(Float64Array.of(3, 1, 2))).toEqual({ p50Ms: 2, p99Ms: 3, maxMs: 3 })
  })

  it('finds the slope of a line in spite of noise that cancels out', () => {
    expect(slope([0, 1, 2, 3].map((x) => [x, 2 * x + 5]))).toBeCloseTo(2)
    expect(
      slope([
        [0, 1],
        [1, 3],
        [2, 1],
        [3, 3],
      ]),
    ).toBeCloseTo(0.4)
    expect(
      slope([
        [1, 1],
        [1, 9],
      ]),
    ).toBe(0)
  })

  it('keeps how far the runs reached', () => {
    expect(summary([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
  })
})
