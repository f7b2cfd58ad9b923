import { describe, expect, it } from 'vitest'
import { type Pattern, patternOf, patternsData, patternsOf, patternsPage } from '../patterns.ts'

const page = (front: string, heading = 'Retry'): string => `---\n${front}\n---\n\n# ${heading}\n\nText.\n`
const retry = page('title: Retry\nid: C7\nnames: [redelivery]\npromise: It is tried again.')

describe('the front matter of a page', () => {
  it('is the row of the index', () => {
    expect(patternOf('docs/patterns/retry.md', retry)).toEqual({
      id: 'C7',
      title: 'Retry',
      names: ['redelivery'],
      promise: 'It is tried again.',
      page: 'docs/patterns/retry.md',
    })
  })

  it.each([
    ['# Retry\n', 'does not begin with front matter'],
    [page('title: Retry\nid: 7\nnames: []\npromise: Yes.'), '`id`'],
    [page('title: Retry\nid: Z7\nnames: []\npromise: Yes.'), '`id`'],
    [page('title: Retry\nid: C7\nnames: []\npromise: Yes.', 'Trying again'), '`title`'],
    [page('title: Retry\nid: C7\nnames: redelivery\npromise: Yes.'), '`names`'],
    [page('title: Retry\nid: C7\nnames: []\npromise: Yes. Indeed.'), '`promise`'],
    [page('title: Retry\nid: C7\nnames: []\npromise: Yes.\nauthor: me'), "'author'"],
  ])('is refused when it is wrong: %j', (source, reason) => {
    expect(() => patternOf('docs/patterns/retry.md', source)).toThrow(`docs/patterns/retry.md: `)
    expect(() => patternOf('docs/patterns/retry.md', source)).toThrow(reason)
  })
})

describe('the index', () => {
  const of = (id: string): Pattern => ({
    id,
    title: `T${id}`,
    names: ['a | b', 'c'],
    promise: 'P.',
    page: `docs/patterns/${id}.md`,
  })

  it('is in the order of the ids', () => {
    const source = (id: string): string => retry.replace('C7', id)
    const pages = { 'b.md': source('C10'), 'a.md': source('C9'), 'c.md': source('A3') }
    expect(patternsOf(pages).map(({ id }) => id)).toEqual(['A3', 'C9', 'C10'])
  })

  it('has no id twice', () => {
    expect(() => patternsOf({ 'a.md': retry, 'b.md': retry })).toThrow('another page has the id C7, too')
  })

  it('has a row for each pattern, in the table of its family', () => {
    const text = patternsPage([of('A1'), of('C9')])
    expect(text).toContain('## Events and contracts\n')
    expect(text).toContain('## Delivery\n')
    expect(text).not.toContain('## Consumers\n')
    expect(text).toContain('| C9 | [TC9](C9.md) | a \\| b, c | P. |\n')
  })

  it('is data for the command line, too', () => {
    const patterns = [of('A1'), { ...of('C9'), names: Array.from({ length: 20 }, (_, n) => `name ${n}`) }]
    expect(JSON.parse(patternsData(patterns))).toEqual(patterns)
  })
})
