/** One pattern, as its page tells of it. */
export interface Pattern {
  readonly id: string
  readonly title: string
  /** What else it is called. */
  readonly names: readonly string[]
  readonly promise: string
  /** Where its page is. */
  readonly page: string
}

/** The patterns with that name; else those with a name that has all the words; else those whose promise has them. */
export function findPatterns(all: readonly Pattern[], word: string): readonly Pattern[] {
  const wanted = normal(word)
  const words = wanted.split(' ')
  const namesOf = ({ title, names }: Pattern): readonly string[] => [title, ...names].map(normal)
  const hasAll = (text: string): boolean => words.every((each) => text.includes(each))
  const tests: readonly ((pattern: Pattern) => boolean)[] = [
    (pattern) => namesOf(pattern).includes(wanted),
    (pattern) => namesOf(pattern).some(hasAll),
    (pattern) => hasAll(normal(pattern.promise)),
  ]
  for (const test of tests) {
    const found = all.filter(test)
    if (found.length > 0) return found
  }
  return []
}

/** Everything that finds a pattern by its name: all names, and the words in them. */
export function wordsOf(all: readonly Pattern[]): readonly string[] {
  const names = all.flatMap(({ title, names }) => [title, ...names])
  return [...names, ...names.flatMap((name) => normal(name).split(' '))]
}

/** `Dead-letter queue` and `dead letter queue` are one. */
const normal = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
