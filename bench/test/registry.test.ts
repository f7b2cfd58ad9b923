import { describe, expect, it } from 'vitest'
import { groups } from '../src/registry.ts'

const settings = { events: 200_000, synchronous: 'full', large: true } as const
const doubles = (names: readonly string[]): readonly string[] =>
  names.filter((name, index) => names.indexOf(name) !== index)

describe('the registry', () => {
  it('has each name once', () => {
    expect(doubles(groups.map(({ name }) => name))).toEqual([])
    for (const group of groups) expect(doubles(group.measurements(settings).map(({ name }) => name))).toEqual([])
    expect(doubles(groups.flatMap(({ plots = [] }) => plots.map(({ name }) => name)))).toEqual([])
  })

  it.each(groups.map((group) => [group.name, group] as const))('%s compares with raw limits of its own', (_, group) => {
    const measurements = group.measurements(settings)
    for (const { against } of measurements) {
      if (against !== undefined) expect(measurements.find(({ name }) => name === against)?.raw).toBe(true)
    }
    expect(measurements.some(({ raw }) => raw)).toBe(true)
    expect(measurements.some(({ raw = false }) => !raw)).toBe(true)
  })

  it.each(groups.map((group) => [group.name, group] as const))('%s wants and plots what it measures', (_, group) => {
    const names = group.measurements(settings).map(({ name }) => name)
    const metrics = group.metrics.map(({ name }) => name)
    for (const { measurement, metric } of group.wanted ?? []) {
      expect(names).toContain(measurement)
      expect(metrics).toContain(metric)
    }
    for (const { lines = [] } of group.plots ?? []) for (const { metric } of lines) expect(metrics).toContain(metric)
  })
})
