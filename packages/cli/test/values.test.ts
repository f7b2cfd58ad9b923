import { describe, expect, it } from 'vitest'
import { place, pointInTime, textAt, wholeNumber } from '../src/values.ts'

const now = Date.parse('2026-04-05T17:31:00Z')
const usage = expect.objectContaining({ code: 'USAGE_INVALID' })

describe('values of the command line', () => {
  it.each([
    ['2026-04-05', '2026-04-05T00:00:00.000Z'],
    ['2026-04-05T17:31Z', '2026-04-05T17:31:00.000Z'],
    ['2026-04-05T17:31:00.5+02:00', '2026-04-05T15:31:00.500Z'],
    ['15m', '2026-04-05T17:16:00.000Z'],
    ['1.5h', '2026-04-05T16:01:00.000Z'],
    ['7d', '2026-03-29T17:31:00.000Z'],
  ])('%s is the time %s', (text, expected) =>
    expect(pointInTime('--from', text, now, 'before').toISOString()).toBe(expected),
  )

  it('a span can lie ahead', () => {
    expect(pointInTime('--at', '90s', now, 'after').toISOString()).toBe('2026-04-05T17:32:30.000Z')
  })

  it.each(['', 'yesterday', '15', '15x', '2026-13-01', '5 April 2026', '-15m'])('%j is no time', (text) =>
    expect(() => pointInTime('--from', text, now, 'before')).toThrow(usage),
  )

  it('a place is a word, a position or a time', () => {
    expect(place('--to', 'beginning', now)).toBe('beginning')
    expect(place('--to', 'now', now)).toBe('now')
    expect(place('--to', '120', now)).toEqual({ position: 120 })
    expect(place('--to', '1h', now)).toEqual({ time: new Date(now - 3_600_000) })
    for (const wrong of ['', '0', '-1', 'end', '1e3', '99999999999999999999']) {
      expect(() => place('--to', wrong, now), wrong).toThrow(usage)
    }
  })

  it('a whole number has a least', () => {
    expect(wholeNumber('--limit', '12', 1)).toBe(12)
    for (const wrong of ['0', '-1', '1.5', 'x', '', '0x10'])
      expect(() => wholeNumber('--limit', wrong, 1)).toThrow(usage)
  })

  it('a path leads to text or a number', () => {
    const data = { id: 7, order: { id: 'o-1', lines: [{ sku: 'a' }], paid: true } }
    expect(textAt(data, 'id')).toBe('7')
    expect(textAt(data, 'order.id')).toBe('o-1')
    expect(textAt(data, 'order.lines.0.sku')).toBe('a')
    for (const wrong of ['', 'order', 'order.paid', 'order.x.y', 'toString', '__proto__', 'id.length']) {
      expect(textAt(data, wrong), wrong).toBeUndefined()
    }
    expect(textAt('text', 'length')).toBeUndefined()
  })
})
