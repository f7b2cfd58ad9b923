import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../../src/base/index.ts'
import {
  assertPattern,
  assertTopic,
  compilePattern,
  compilePatterns,
  isPattern,
  patternCovers,
  patternsOverlap,
} from '../../src/event/topic.ts'

/** The grammar's own words, without a thought for cost. */
function naive(pattern: readonly string[], topic: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return topic.length === 0
  if (first === '**') return naive(rest, topic) || (topic.length > 0 && naive(pattern, topic.slice(1)))
  return topic.length > 0 && (first === '*' || first === topic[0]) && naive(rest, topic.slice(1))
}

/** The fields of the TOPIC_INVALID error that `act` throws; undefined when it throws none. */
function refusal(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    if (isMillraceError(error, 'TOPIC_INVALID')) return error.fields
    throw error
  }
  return undefined
}

const join = (levels: readonly string[]): string => levels.join('.')
const topics = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 7 }).map(join)
const patternsUpTo = (maxLength: number) =>
  fc.array(fc.constantFrom('a', 'b', '*', '**', '**'), { minLength: 1, maxLength }).map(join)

describe('a topic name', () => {
  it.each(['a', 'shop.order.requested', 'com.github.pull_request.opened', 'a-b.C_d.0', 'a'.repeat(249)])(
    'may be %s',
    (name) => {
      expect(refusal(() => assertTopic(name))).toBeUndefined()
      expect(refusal(() => assertPattern(name))).toBeUndefined()
      expect(isPattern(name)).toBe(false)
    },
  )

  it.each([
    ['', 'it is empty'],
    ['.', 'a level is empty'],
    ['a..b', 'a level is empty'],
    ['a.', 'a level is empty'],
    ['a b', "the level 'a b' has a character other than letters, digits, '-' and '_'"],
    ['a/b', "the level 'a/b' has a character other than letters, digits, '-' and '_'"],
    ['größe', "the level 'größe' has a character other than letters, digits, '-' and '_'"],
    ['a.*', "it names one topic, so that the wildcard '*' cannot stand in it"],
    ['**', "it names one topic, so that the wildcard '**' cannot stand in it"],
    ['a\n', "the level 'a\n' has a character other than letters, digits, '-' and '_'"],
    ['a'.repeat(250), 'it has 250 characters, more than 249'],
    [join(Array(33).fill('a')), 'it has 33 levels, more than 32'],
  ])('cannot be %j', (name, reason) => {
    expect(refusal(() => assertTopic(name))).toEqual({ topic: name.slice(0, 249), reason })
  })

  it('is a string', () => {
    for (const value of [undefined, null, 7, {}, Symbol('a')]) {
      expect(refusal(() => assertTopic(value as string))).toEqual({ topic: typeof value, reason: 'it is not a string' })
    }
  })
})

describe('a pattern', () => {
  it.each(['*', '**', 'a.*', '**.a', 'a.**.b.*.**', '**.**'])('may be %s', (pattern) => {
    expect(refusal(() => assertPattern(pattern))).toBeUndefined()
    expect(isPattern(pattern)).toBe(true)
  })

  it.each([
    ['a*', "a wildcard is a level of its own, which in 'a*' it is not"],
    ['a.***', "a wildcard is a level of its own, which in '***' it is not"],
    ['a..*', 'a level is empty'],
    ['a.>', "the level '>' has a character other than letters, digits, '-' and '_'"],
  ])('cannot be %s', (pattern, reason) => {
    for (const use of [assertPattern, compilePattern, (text: string) => compilePatterns(['a', text])]) {
      expect(refusal(() => use(pattern))).toEqual({ topic: pattern, reason })
    }
    expect(refusal(() => patternCovers('a', pattern))).toEqual({ topic: pattern, reason })
    expect(refusal(() => patternsOverlap(pattern, 'a'))).toEqual({ topic: pattern, reason })
  })
})

describe('matching', () => {
  it.each([
    ['shop.order', 'shop.order', true],
    ['shop.order', 'shop.Order', false],
    ['shop.*', 'shop.order', true],
    ['shop.*', 'shop', false],
    ['shop.*', 'shop.order.requested', false],
    ['shop.**', 'shop', true],
    ['shop.**', 'shop.order.requested', true],
    ['shop.**', 'shopping.order', false],
    ['**.failed', 'failed', true],
    ['**.failed', 'shop.payment.failed', true],
    ['**.failed', 'shop.failed.payment', false],
    ['shop.**.failed', 'shop.failed', true],
    ['shop.**.failed.**', 'shop.failed.failed.late', true],
    ['*.**', 'shop', true],
    ['**', 'shop.order', true],
  ])('%s on %s: %s', (pattern, topic, result) => {
    expect(compilePattern(pattern)(topic)).toBe(result)
    expect(compilePatterns(['x', 'y.**', pattern])(topic)).toBe(result)
  })

  it('agrees with the naive reference', () => {
    fc.assert(
      fc.property(patternsUpTo(7), topics, (pattern, topic) => {
        expect(compilePattern(pattern)(topic)).toBe(naive(pattern.split('.'), topic.split('.')))
      }),
      { numRuns: 2000 },
    )
  })

  it('of several patterns is matching of any, whether an answer is remembered or forgotten', () => {
    const patterns = ['a.b', '*.c', 'b.**.1']
    const matcher = compilePatterns(patterns)
    const names = Array.from({ length: 1500 }, (_, n) => [`b.${n}`, `b.x.${n % 2}`, `${n}.c`, 'a.b']).flat()
    for (const name of [...names, ...names]) {
      expect(matcher(name)).toBe(patterns.some((pattern) => naive(pattern.split('.'), name.split('.'))))
    }
    expect(compilePatterns([])('a')).toBe(false)
  })

  it('takes at most levels times levels steps on the worst of patterns', () => {
    // The naive way takes some 10^9 steps on these, so that a test which ends at all has its answer.
    const pattern = `${'**.a.'.repeat(15)}b`
    const topic = join(Array(32).fill('a'))
    const matcher = compilePattern(pattern)
    for (let n = 0; n < 1000; n++) expect(matcher(topic)).toBe(false)
    expect(patternCovers(pattern, '**.a.'.repeat(15).slice(0, -1))).toBe(false)
    expect(patternsOverlap(pattern, `${'**.a.*.'.repeat(10)}c`)).toBe(false)
  })
})

describe('two patterns', () => {
  // Long enough that where two patterns of three levels differ, one of these topics tells.
  const universe = ['a', 'b', 'c'].flatMap(function grow(topic: string): string[] {
    return topic.length > 10 ? [topic] : [topic, ...['a', 'b', 'c'].flatMap((level) => grow(`${topic}.${level}`))]
  })

  it('overlap when a topic matches both', () => {
    fc.assert(
      fc.property(patternsUpTo(3), patternsUpTo(3), (a, b) => {
        const [inA, inB] = [compilePattern(a), compilePattern(b)]
        const both = universe.some((topic) => inA(topic) && inB(topic))
        expect(patternsOverlap(a, b)).toBe(both)
        expect(patternsOverlap(b, a)).toBe(both)
      }),
      { numRuns: 500 },
    )
  })

  it('cover one another when all topics of one match the other', () => {
    fc.assert(
      fc.property(patternsUpTo(3), patternsUpTo(3), (a, b) => {
        const [inA, inB] = [compilePattern(a), compilePattern(b)]
        expect(patternCovers(a, b)).toBe(universe.every((topic) => inA(topic) || !inB(topic)))
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['**', '*', true],
    ['*.**', '**', true],
    ['**.*', '*.**.**', true],
    ['*.**.x', '**.y.x', true],
    ['*.**.x', '**.x', false],
    ['**.x.**', 'a.**.x.*', true],
    ['a.**.*.b', 'a.*.*.**.b', true],
    ['a.*.b', 'a.**.b', false],
  ])('%s covers %s: %s', (a, b, result) => {
    expect(patternCovers(a, b)).toBe(result)
  })

  it('that are the same, or a topic and what matches it, cover and overlap', () => {
    fc.assert(
      fc.property(patternsUpTo(12), topics, (pattern, topic) => {
        expect(patternCovers(pattern, pattern)).toBe(true)
        expect(patternsOverlap(pattern, pattern)).toBe(true)
        expect(patternCovers(pattern, topic)).toBe(compilePattern(pattern)(topic))
        expect(patternsOverlap(pattern, topic)).toBe(compilePattern(pattern)(topic))
      }),
    )
  })
})
