import { MillraceError } from '../base/index.ts'

/**
 * A topic name is levels parted by '.', each of one or more ASCII letters, digits, '-' and '_', and its case counts.
 * A pattern is the same with wildcards as whole levels: '*' stands for exactly one level, '**' for any number of levels
 * including none. Both may stand anywhere and more than once.
 *
 * The characters and the length are what every broker can carry: Kafka allows no others and 249 of them, the rest allow
 * more (NATS, RabbitMQ and MQTT give '*', '>', '#', '+', '/' or '$' a meaning of their own).
 */
const maxLength = 249
const maxLevels = 32
const levelName = /^[\w-]+$/

/** Tells whether a topic name is one of those wanted. */
export type TopicMatcher = (topic: string) => boolean

/** @throws TOPIC_INVALID unless `name` is a topic name of at most 249 characters and 32 levels. */
export function assertTopic(name: string): void {
  assertLevels(name, false)
}

/** @throws TOPIC_INVALID unless `pattern` is a topic pattern (or name) of at most 249 characters and 32 levels. */
export function assertPattern(pattern: string): void {
  assertLevels(pattern, true)
}

/** True when a valid topic or pattern has a wildcard, so that it stands for more than one topic. */
export function isPattern(text: string): boolean {
  return text.includes('*')
}

/**
 * Makes the function that tells whether a topic name matches. Its cost is bounded by the product of the two numbers of
 * levels.
 * @throws TOPIC_INVALID
 */
export function compilePattern(pattern: string): TopicMatcher {
  assertPattern(pattern)
  if (pattern === '**') return (topic) => !isInternalTopic(topic)
  if (!isPattern(pattern)) return (topic) => topic === pattern
  const head = pattern.slice(0, -'.**'.length)
  if (pattern.endsWith('.**') && !isPattern(head)) {
    const below = `${head}.`
    return (topic) => topic.startsWith(below) || topic === head
  }
  const levels = pattern.split('.')
  if (!levels[0]!.startsWith('*')) return (topic) => matches(levels, topic.split('.'))
  return (topic) => !isInternalTopic(topic) && matches(levels, topic.split('.'))
}

/** Topics of Millrace's own, such as replies. Only a pattern that names this level matches them, so `**` does not. */
export function isInternalTopic(topic: string): boolean {
  return topic.startsWith('_millrace.')
}

const maxCachedTopics = 1000

/**
 * Makes the function that tells whether a topic name matches any of the patterns. It keeps the answers for the last
 * 1,000 different topics, as a service sees the same few again and again.
 * @throws TOPIC_INVALID
 */
export function compilePatterns(patterns: Iterable<string>): TopicMatcher {
  const names = new Set<string>()
  const wild: TopicMatcher[] = []
  for (const pattern of patterns) {
    assertPattern(pattern)
    if (isPattern(pattern)) wild.push(compilePattern(pattern))
    else names.add(pattern)
  }
  if (wild.length === 0) return (topic) => names.has(topic)
  const answers = new Map<string, boolean>()
  return (topic) => {
    const known = answers.get(topic)
    if (known !== undefined) return known
    const answer = names.has(topic) || wild.some((matcher) => matcher(topic))
    if (answers.size === maxCachedTopics) answers.delete(answers.keys().next().value!)
    answers.set(topic, answer)
    return answer
  }
}

/**
 * True when some topic matches both patterns. The bounds on length and levels are left out of account.
 * @throws TOPIC_INVALID
 */
export function patternsOverlap(a: string, b: string): boolean {
  assertPattern(a)
  assertPattern(b)
  const left = a.split('.')
  const right = b.split('.')
  // below[j] and row[j + 1]: can what follows level i (or level j) of one match the same as the rest of the other?
  let below: boolean[] = []
  for (let i = left.length; i >= 0; i--) {
    const row: boolean[] = []
    for (let j = right.length; j >= 0; j--) {
      const l = left[i]
      const r = right[j]
      if (l === '**' || r === '**') row[j] = (below[j] ?? false) || (row[j + 1] ?? false)
      else if (l === undefined || r === undefined) row[j] = l === r
      else row[j] = (l === r || l === '*' || r === '*') && below[j + 1]!
    }
    below = row
  }
  return below[0]!
}

/**
 * True when `a` matches every topic that `b` matches. The bounds on length and levels are left out of account.
 * @throws TOPIC_INVALID
 */
export function patternCovers(a: string, b: string): boolean {
  assertPattern(a)
  assertPattern(b)
  const narrow = parts(b)
  // How many parts of `b` the parts of `a` so far can cover. What a wildcard of `b` stands for, only a gap of `a` covers.
  let covered = new Set([0])
  for (const part of parts(a)) {
    const next = new Set<number>()
    for (const from of covered) {
      if (typeof part !== 'string') gapEnds(part, narrow, from, next)
      else if (narrow[from] === part) next.add(from + 1)
    }
    covered = next
  }
  return covered.has(narrow.length)
}

/** A run of wildcards: stands for `least` levels, or for that many and more. */
interface Gap {
  readonly least: number
  readonly open: boolean
}

/** The levels of a pattern with each run of wildcards taken together, as within a run their order means nothing. */
function parts(pattern: string): readonly (string | Gap)[] {
  const found: (string | Gap)[] = []
  for (const level of pattern.split('.')) {
    if (!isPattern(level)) {
      found.push(level)
      continue
    }
    const gap = typeof found.at(-1) === 'object' ? (found.pop() as Gap) : { least: 0, open: false }
    found.push(level === '*' ? { least: gap.least + 1, open: gap.open } : { least: gap.least, open: true })
  }
  const [only] = found
  // No topic is without a level.
  return found.length === 1 && typeof only === 'object' && only.least === 0 ? [{ least: 1, open: true }] : found
}

/** Adds to `ends` each place in `narrow` up to which `gap` can cover everything from the place `from`. */
function gapEnds(gap: Gap, narrow: readonly (string | Gap)[], from: number, ends: Set<number>): void {
  let levels = 0
  for (let to = from; ; to++) {
    if (gap.open ? levels >= gap.least : levels === gap.least) ends.add(to)
    const part = narrow[to]
    if (part === undefined || (typeof part === 'object' && part.open && !gap.open)) return
    levels += typeof part === 'object' ? part.least : 1
  }
}

/** Matches from left to right; on a mismatch only the last '**' takes one level more, as for the others less is enough. */
function matches(pattern: readonly string[], topic: readonly string[]): boolean {
  let p = 0
  let t = 0
  let afterGap = 0
  let gapEnd = 0
  while (t < topic.length) {
    const level = pattern[p]
    if (level === '**') {
      afterGap = ++p
      gapEnd = t
    } else if (level === '*' || level === topic[t]) {
      p++
      t++
    } else if (afterGap > 0) {
      p = afterGap
      t = ++gapEnd
    } else {
      return false
    }
  }
  while (pattern[p] === '**') p++
  return p === pattern.length
}

function assertLevels(text: unknown, wildcards: boolean): void {
  const flaw = flawOf(text, wildcards)
  if (flaw === undefined) return
  const shown = typeof text === 'string' ? text.slice(0, maxLength) : typeof text
  throw new MillraceError('TOPIC_INVALID', { topic: shown, reason: flaw })
}

/** What is wrong with a topic name or pattern, or undefined. */
function flawOf(text: unknown, wildcards: boolean): string | undefined {
  if (typeof text !== 'string') return 'it is not a string'
  if (text === '') return 'it is empty'
  if (text.length > maxLength) return `it has ${text.length} characters, more than ${maxLength}`
  const levels = text.split('.')
  if (levels.length > maxLevels) return `it has ${levels.length} levels, more than ${maxLevels}`
  for (const level of levels) {
    if (levelName.test(level)) continue
    if (level === '') return 'a level is empty'
    const wildcard = level === '*' || level === '**'
    if (wildcard && wildcards) continue
    if (wildcard) return `it names one topic, so that the wildcard '${level}' cannot stand in it`
    if (isPattern(level)) return `a wildcard is a level of its own, which in '${level}' it is not`
    return `the level '${level}' has a character other than letters, digits, '-' and '_'`
  }
  return undefined
}
