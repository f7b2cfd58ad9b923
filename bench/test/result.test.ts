import { describe, expect, it } from 'vitest'
import type { Group, Measurement } from '../src/measurement.ts'
import { judge, rowOf } from '../src/run/result.ts'

const measure: Measurement['measure'] = () => Promise.reject(new Error('not measured in this test'))
const bare: Measurement = { name: 'bare', title: 'bare', raw: true, measure }
const own: Measurement = { name: 'own', title: 'own', against: 'bare', measure }
const group: Group = {
  name: 'some',
  title: 'Some',
  about: '',
  metrics: [
    { name: 'perSecond', title: 'events/s', unit: 'per second', compared: 'share' },
    { name: 'maxMs', title: 'max, ms', unit: 'ms', worst: true },
  ],
  measurements: () => [bare, own],
}
const sample = (perSecond: number, maxMs: number) => ({ values: { perSecond, maxMs } })

describe('the row of a measurement', () => {
  it('compares each turn with the raw limit of the same turn', () => {
    // The machine was half as fast in the second turn, for both alike.
    const samples = new Map([
      ['bare', [sample(1_000, 1), sample(500, 1), sample(1_000, 1)]],
      ['own', [sample(600, 2), sample(300, 9), sample(700, 3)]],
    ])
    const row = rowOf(group, own, samples)
    expect(row.values.perSecond).toEqual({ median: 600, min: 300, max: 700 })
    expect(row.ratios.perSecond).toEqual({ median: 0.6, min: 0.6, max: 0.7 })
  })

  it('takes the worst of all runs for a maximum, and does not compare what is not to be compared', () => {
    const samples = new Map([
      ['bare', [sample(1, 1), sample(1, 1)]],
      ['own', [sample(1, 2), sample(1, 9)]],
    ])
    const row = rowOf(group, own, samples)
    expect(row.values.maxMs?.median).toBe(9)
    expect(row.ratios.maxMs).toBeUndefined()
  })

  it('leaves a turn out that failed, and still compares the others with their own', () => {
    const samples = new Map([
      ['bare', [sample(1_000, 1), undefined, sample(500, 1)]],
      ['own', [undefined, sample(1, 1), sample(300, 1)]],
    ])
    const row = rowOf(group, own, samples)
    expect(row.values.perSecond).toEqual({ median: 150.5, min: 1, max: 300 })
    expect(row.ratios.perSecond).toEqual({ median: 0.6, min: 0.6, max: 0.6 })
  })

  it('has no ratio where the raw limit was not measured', () => {
    expect(rowOf(group, own, new Map([['own', [sample(1, 1)]]])).ratios).toEqual({})
  })
})

describe('what is wanted', () => {
  const samples = new Map([
    ['bare', [sample(1_000, 1)]],
    ['own', [sample(600, 21)]],
  ])
  const rows = [bare, own].map((each) => rowOf(group, each, samples))

  it('is a share of the raw limit or a bound', () => {
    const judged = judge(
      [
        { measurement: 'own', metric: 'perSecond', ratioAtLeast: 0.6 },
        { measurement: 'own', metric: 'perSecond', ratioAtLeast: 0.61 },
        { measurement: 'own', metric: 'maxMs', atMost: 20 },
      ],
      rows,
    )
    expect(judged.map(({ met }) => met)).toEqual([true, false, false])
    expect(judged[2]?.value).toBe(21)
  })

  it('is not judged when it was not measured', () => {
    expect(judge([{ measurement: 'gone', metric: 'perSecond', ratioAtLeast: 0.6 }], rows)).toEqual([])
  })
})
