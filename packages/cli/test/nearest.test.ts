import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { distance, nearest } from '../src/nearest.ts'

const commands = ['topics', 'subscriptions', 'publish', 'pause', 'tail', 'dead-letters']

describe('the nearest word', () => {
  it.each([
    ['topic', 'topics'],
    ['subscritpions', 'subscriptions'],
    ['subs', 'subscriptions'],
    ['PUBLISH', 'publish'],
    ['dead-leters', 'dead-letters'],
    ['tial', 'tail'],
  ])('to %s is %s', (word, expected) => expect(nearest(word, commands)).toBe(expected))

  it('is none where all are far', () => {
    expect(nearest('frobnicate', commands)).toBeUndefined()
    expect(nearest('x', commands)).toBeUndefined()
  })

  it('counts letters put in, left out, replaced and swapped', () => {
    expect(distance('tail', 'tial')).toBe(1)
    expect(distance('kitten', 'sitting')).toBe(3)
    const word = fc.string({ maxLength: 12 })
    fc.assert(
      fc.property(word, word, (a, b) => {
        const far = distance(a, b)
        expect(far).toBe(distance(b, a))
        expect(far === 0).toBe(a === b)
        expect(far).toBeLessThanOrEqual(Math.max(a.length, b.length))
        expect(far).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
      }),
    )
  })
})
