import { arrayDifferences } from './arrays.ts'
import { anyOfDifferences, incomparableDifferences, notDifferences, oneOfDifferences } from './combinations.ts'
import { choose, type Facts, factsOf } from './facts.ts'
import { numberDifferences, numbersDisjoint } from './numbers.ts'
import { objectDifferences, objectsDisjoint } from './objects.ts'
import { type Choice, included, type Reading } from './reading.ts'
import type { Comparison, DisjointRule, Rule } from './rule.ts'
import { type Difference, type JsonType, keyOf, type Schema } from './schema.ts'
import { stringDifferences, stringsDisjoint } from './strings.ts'
import { typeDifferences, valueDifferences, valuesDisjoint } from './values.ts'

const rules: readonly Rule[] = [
  typeDifferences,
  valueDifferences,
  numberDifferences,
  stringDifferences,
  arrayDifferences,
  objectDifferences,
  anyOfDifferences,
  oneOfDifferences,
  notDifferences,
  incomparableDifferences,
]

const disjointRules: Partial<Record<JsonType, DisjointRule>> = {
  number: numbersDisjoint,
  string: stringsDisjoint,
  object: objectsDisjoint,
}

/**
 * Proves that data of one schema fits another. A schema object is a conjunction, so each thing that the reader demands has
 * to follow from what is known of the data, by the rule for its keyword. What no rule can prove is a difference.
 *
 * Recursive schemas are compared by coinduction (Pierce, Types and Programming Languages, section 21.9): a question that
 * comes up again while it is being answered counts as proven, because by then it is asked of smaller data.
 */
export class SchemaComparison implements Comparison {
  readonly reading: Reading
  readonly exact: SchemaComparison
  readonly #proven = new Set<string>()
  readonly #refuted = new Map<string, readonly Difference[]>()
  readonly #disjoint = new Map<string, boolean>()

  constructor(reading: Reading) {
    this.reading = reading
    this.exact = reading.undeclared === 'anything' ? this : new SchemaComparison({ ...reading, undeclared: 'anything' })
  }

  facts(schemas: readonly Schema[]): Facts {
    return factsOf(schemas, this.reading)
  }

  differences(previous: readonly Schema[], next: Schema): readonly Difference[] {
    if (next === true) return []
    const question = `${[...new Set(previous.map(keyOf))].sort().join()} ${keyOf(next)}`
    if (this.#proven.has(question)) return []
    const known = this.#refuted.get(question)
    // A few will do: the same differences along every path of a recursive schema would be endless.
    if (known !== undefined) return known.slice(0, 3)
    const before = this.#proven.size
    this.#proven.add(question)
    const found = this.unmet(this.facts(previous), next)
    if (found.length > 0) {
      // What was proven meanwhile may have been proven from this.
      for (const dependent of [...this.#proven].slice(before)) this.#proven.delete(dependent)
      this.#refuted.set(question, found)
    }
    return found
  }

  unmet(previous: Facts, next: Schema): readonly Difference[] {
    if (next === true || previous.keys.has(keyOf(next))) return []
    if (next === false) return this.#prove(previous, () => [{ path: '', change: 'may be there, but is not accepted' }])
    return [
      ...included(next, this.reading).flatMap((part) => this.unmet(previous, part)),
      ...rules.flatMap((rule) => this.#prove(previous, (facts) => rule(facts, next, this))),
    ]
  }

  /** Tries the rule on all data at once, then on the branches of each choice. */
  #prove(previous: Facts, rule: (facts: Facts) => readonly Difference[]): readonly Difference[] {
    if (previous.never) return []
    let closest = rule(previous)
    if (closest.length === 0) return closest
    for (const [i, choice] of previous.choices.entries()) {
      const found = choice.branches.flatMap((branch) => this.#prove(this.#choose(previous, choice, branch), rule))
      if (found.length === 0) return found
      if (i === 0 || found.length < closest.length) closest = found
    }
    return closest
  }

  #choose(facts: Facts, choice: Choice, branch: Schema): Facts {
    return choose(facts, choice, branch, this.reading)
  }

  disjoint(a: Facts, b: Facts): boolean {
    const question = JSON.stringify([a, b].map(({ keys, declared }) => [[...keys], declared && [...declared]]))
    const known = this.#disjoint.get(question)
    if (known !== undefined) return known
    this.#disjoint.set(question, false) // the answer if the question comes up again in itself
    const certain =
      a.never ||
      b.never ||
      valuesDisjoint(a, b) ||
      [...a.types].every((type) => !b.types.has(type) || disjointRules[type]?.(a, b, this) === true) ||
      a.choices.some((choice) =>
        choice.branches.every((branch) => this.disjoint(this.#choose(a, choice, branch), b)),
      ) ||
      b.choices.some((choice) =>
        choice.branches.every((branch) => this.disjoint(a, this.exact.#choose(b, choice, branch))),
      )
    this.#disjoint.set(question, certain)
    return certain
  }
}
