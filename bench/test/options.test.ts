import { describe, expect, it } from 'vitest'
import { optionsOf } from '../src/options.ts'

describe('options', () => {
  it('have defaults', () => {
    expect(optionsOf([])).toMatchObject({ events: 200_000, runs: 3, only: [], synchronous: 'full', large: false })
  })

  it('are few events and one run for a quick look, unless they are told', () => {
    expect(optionsOf(['--quick'])).toMatchObject({ events: 20_000, runs: 1 })
    expect(optionsOf(['--quick', '--runs', '2', '--events', '5000'])).toMatchObject({ events: 5_000, runs: 2 })
  })

  it('round events to whole transactions', () => {
    expect(optionsOf(['--events', '1_499']).events).toBe(1_000)
    expect(optionsOf(['--events', '1']).events).toBe(1_000)
  })

  it.each([
    [['--events', 'many'], '--events is a whole number'],
    [['--runs', '0'], '--runs is a whole number'],
    [['--synchronous', 'off'], '--synchronous is full or normal'],
  ])('are refused when they mean nothing: %j', (args, message) => {
    expect(() => optionsOf(args)).toThrow(message)
  })
})
