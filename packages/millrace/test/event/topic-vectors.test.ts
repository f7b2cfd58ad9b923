import { describe, expect, it } from 'vitest'
import {
  assertPattern,
  assertTopic,
  compilePattern,
  isPattern,
  patternCovers,
  patternsOverlap,
} from '../../src/event/topic.ts'
import { vectors } from '../vectors.ts'

/** A broker's name for what Millrace writes with '.', '*' and '**'. */
interface Grammar {
  readonly separator: string
  readonly wildcards: Readonly<Record<string, string>>
}

const natsGrammar: Grammar = { separator: '.', wildcards: { '*': '*', '>': '*.**' } }
const mqttGrammar: Grammar = { separator: '/', wildcards: { '+': '*', '#': '**' } }

/** A broker's case: what it says of some topics and patterns, and how Millrace is asked the same. */
interface Case {
  readonly texts: readonly string[]
  readonly expected: unknown
  /** The broker refuses one of the texts. */
  readonly refused: boolean
  readonly ask: (...translated: readonly string[]) => unknown
}

const translate = ({ separator, wildcards }: Grammar, text: string): string =>
  text
    .split(separator)
    .map((level) => wildcards[level] ?? level)
    .join('.')

/** The level that no topic of Millrace can have, though the broker takes it; undefined where the case has a form. */
function strangeLevel({ separator, wildcards }: Grammar, { texts, refused }: Case): string | undefined {
  if (refused) return undefined
  const levels = texts.flatMap((text) => text.split(separator))
  return levels.find((level) => wildcards[level] === undefined && !/^[\w-]+$/.test(level))
}

function isValid(assert: (text: string) => void, text: string): boolean {
  try {
    assert(text)
    return true
  } catch {
    return false
  }
}

function suite(
  grammar: Grammar,
  cases: readonly Case[],
  wider: readonly string[],
  count: { readonly total: number; readonly noForm: number },
): void {
  const title = ({ texts, expected }: Case): string => `${texts.join(' and ')}: ${expected}`
  const ask = (one: Case): unknown => one.ask(...one.texts.map((text) => translate(grammar, text)))
  const isWider = ({ texts, refused }: Case): boolean => refused && wider.includes(texts.join())
  const formless = cases.filter((one) => strangeLevel(grammar, one) !== undefined)

  it(`are ${count.total}, of which ${count.noForm} have no form in Millrace and ${wider.length} are allowed`, () => {
    expect(cases.length).toBe(count.total)
    expect(formless.length).toBe(count.noForm)
    expect(cases.filter(isWider).length).toBe(wider.length)
  })

  for (const one of cases) {
    const strange = strangeLevel(grammar, one)
    if (strange !== undefined) {
      it(`${title(one)} — no form in Millrace, which refuses the level '${strange}'`, () => {
        expect(isValid(assertTopic, `a.${strange}`)).toBe(false)
      })
    } else if (isWider(one)) {
      it(`${title(one)} — allowed by Millrace, where a wildcard of many levels may stand anywhere`, () => {
        expect(ask(one)).toBe(true)
      })
    } else {
      it(title(one), () => expect(ask(one)).toBe(one.expected))
    }
  }
}

type Row<K extends string, R = boolean> = Readonly<Record<K, string>> & { readonly result: R }

interface Nats {
  readonly match: readonly Row<'subject' | 'pattern'>[]
  readonly validLiteralSubject: readonly Row<'subject'>[]
  readonly validSubject: readonly Row<'subject'>[]
  readonly isLiteral: readonly Row<'subject'>[]
  readonly subset: readonly Row<'subject' | 'of'>[]
  readonly collide: readonly Row<'a' | 'b'>[]
}

const nats = vectors<Nats>('topic-matching/nats.json')

function natsCases(file: Nats): readonly Case[] {
  const of = (texts: readonly string[], expected: boolean, ask: Case['ask'], refused = false): Case => ({
    texts,
    expected,
    refused,
    ask,
  })
  const topicIs = (topic = ''): boolean => isValid(assertTopic, topic)
  const patternIs = (pattern = ''): boolean => isValid(assertPattern, pattern)
  return [
    ...file.match.map((c) => of([c.pattern, c.subject], c.result, (p = '', topic = '') => compilePattern(p)(topic))),
    ...file.validLiteralSubject.map((c) => of([c.subject], c.result, topicIs, !c.result)),
    ...file.validSubject.map((c) => of([c.subject], c.result, patternIs, !c.result)),
    ...file.isLiteral.map((c) => of([c.subject], c.result, (text = '') => !isPattern(text))),
    ...file.subset.map((c) => of([c.of, c.subject], c.result, (a = '', b = '') => patternCovers(a, b))),
    ...file.collide.map((c) => of([c.a, c.b], c.result, (a = '', b = '') => patternsOverlap(a, b))),
  ]
}

describe.skipIf(nats === undefined)('the 95 NATS cases of topic matching', () => {
  const cases = nats === undefined ? [] : natsCases(nats)
  suite(natsGrammar, cases, ['>.bar', 'foo.>.bar'], { total: 95, noForm: 38 })
})

interface Mqtt {
  readonly match: readonly Row<'filter' | 'topic', 'match' | 'no-match' | 'invalid'>[]
  readonly pubTopic: readonly { readonly topic: string; readonly valid: boolean }[]
  readonly subFilter: readonly { readonly filter: string; readonly valid: boolean }[]
}

const mqtt = vectors<Mqtt>('topic-matching/mqtt.json')

function mqttCases(file: Mqtt): readonly Case[] {
  const match = (filter = '', topic = ''): string => {
    if (!isValid(assertPattern, filter) || !isValid(assertTopic, topic)) return 'invalid'
    return compilePattern(filter)(topic) ? 'match' : 'no-match'
  }
  return [
    ...file.match.map(
      (c): Case => ({ texts: [c.filter, c.topic], expected: c.result, refused: c.result === 'invalid', ask: match }),
    ),
    ...file.pubTopic.map(
      (c): Case => ({
        texts: [c.topic],
        expected: c.valid,
        refused: !c.valid,
        ask: (topic = '') => isValid(assertTopic, topic),
      }),
    ),
    ...file.subFilter.map(
      (c): Case => ({
        texts: [c.filter],
        expected: c.valid,
        refused: !c.valid,
        ask: (filter = '') => isValid(assertPattern, filter),
      }),
    ),
  ]
}

describe.skipIf(mqtt === undefined)('the 98 MQTT cases of topic matching', () => {
  const cases = mqtt === undefined ? [] : mqttCases(mqtt)
  suite(mqttGrammar, cases, ['#/sub/topic'], { total: 98, noForm: 16 })
})
