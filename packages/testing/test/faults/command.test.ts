import { describe, expect, test } from 'vitest'
import { optionsOf } from '../../faults/cli/options.ts'
import { randomOf } from '../../faults/random.ts'
import { betweenMarks } from '../../faults/report/marks.ts'

const names = ['kill', 'zombie']

describe('the command line', () => {
  test('has a default for everything, and a first seed of its own each time', () => {
    const [one, other] = [optionsOf([], names), optionsOf([], names)]
    expect(one).toMatchObject({ seeds: undefined, only: [], size: 'quick', report: false, list: false })
    expect(one).not.toEqual(other)
  })

  test('takes names one by one or in a list', () => {
    expect(optionsOf(['--only', 'kill,zombie', '--seeds', '3', '--first', '0'], names)).toMatchObject({
      only: names,
      seeds: 3,
      first: 0,
    })
    expect(optionsOf(['--only', 'kill', '--only', 'zombie', '--full'], names)).toMatchObject({
      only: names,
      size: 'full',
    })
  })

  test.each([
    [['--seeds', '0'], "--seeds takes a whole number from 1 on, not '0'"],
    [['--first', 'x'], "--first takes a whole number from 0 on, not 'x'"],
    [['--only', 'flood'], "there is no fault 'flood'; there are kill, zombie"],
    [['--quick', '--full'], '--quick and --full exclude each other'],
    [['--sedes', '3'], "Unknown option '--sedes'"],
  ])('says what is wrong with %j', (args, wrong) => {
    expect(optionsOf(args, names)).toEqual({ wrong: expect.stringContaining(wrong) })
  })
})

describe('the marks of a page', () => {
  const page = 'before\n<!-- evidence: begin (a command) -->\nold\n<!-- evidence: end -->\nafter\n'

  test('keep what is around them', () => {
    const written = betweenMarks(page, 'evidence', 'new $1')
    expect(written).toBe('before\n<!-- evidence: begin (a command) -->\n\nnew $1\n\n<!-- evidence: end -->\nafter\n')
    expect(betweenMarks(written, 'evidence', 'new $1')).toBe(written)
  })

  test('must be there once', () => {
    expect(() => betweenMarks('nothing', 'evidence', 'new')).toThrow('one pair of marks')
    expect(() => betweenMarks(page + page, 'evidence', 'new')).toThrow('not 2')
  })
})

describe('the random numbers of a seed', () => {
  const first = (seed: number) =>
    Array.from(
      { length: 1_000 },
      (
        (random) => () =>
          random.next()
      )(randomOf(seed)),
    )

  test('are the same each time, others for the next seed, and spread evenly', () => {
    expect(first(7)).toEqual(first(7))
    expect(first(7)).not.toEqual(first(8))
    const numbers = first(7)
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05)
  })

  test('give whole numbers below a bound, all of them', () => {
    const random = randomOf(1)
    const drawn = new Set(Array.from({ length: 200 }, () => random.below(5)))
    expect([...drawn].toSorted()).toEqual([0, 1, 2, 3, 4])
  })
})
