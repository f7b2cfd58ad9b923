import { describe, expect, it } from 'vitest'
import { tree } from '../../check/test/tree.ts'
import { checkLinks } from '../links.ts'
import { parsePage, readPage, slugOf } from '../markdown.ts'

const fence = '```'

describe('a page', () => {
  it('gives its fenced blocks with info, code and line, also within a list and within a longer fence', () => {
    const page = parsePage(
      'a.md',
      ['text', `${fence}ts run`, 'a', '', ' b', fence, '- item', `  ${fence}sh`, '  c', `  ${fence}`].join('\n'),
    )
    expect(page.fences).toEqual([
      { info: 'ts run', code: 'a\n\n b\n', line: 2 },
      { info: 'sh', code: 'c\n', line: 8 },
    ])
    const shown = parsePage('a.md', ['````md', `${fence}ts`, 'a', fence, '````'].join('\n'))
    expect(shown.fences).toEqual([{ info: 'md', code: '```ts\na\n```\n', line: 1 }])
  })

  it('that never closes a block is refused', () => {
    expect(() => parsePage('a.md', `${fence}ts\na`)).toThrow('a.md:1 opens a code block that is never closed')
  })

  it('gives its links, but none from code', () => {
    const page = parsePage(
      'a.md',
      ['[x](b.md "t") `[y](no.md)`', '[![i](i.png)](c.md#d)', '[r]: d.md', fence, '[z](no.md)', fence].join('\n'),
    )
    expect(page.links).toEqual([
      { target: 'b.md', line: 1 },
      { target: 'i.png', line: 2 },
      { target: 'c.md#d', line: 2 },
      { target: 'd.md', line: 3 },
    ])
  })

  it('gives the anchors that GitHub gives its headings', () => {
    expect(slugOf('The `--json` flag, and why!')).toBe('the---json-flag-and-why')
    expect(slugOf('See [the guide](x.md)')).toBe('see-the-guide')
    const page = parsePage('a.md', '# One two\n## One two\n<a id="CODE"></a>\n')
    expect([...page.anchors]).toEqual(['one-two', 'one-two-1', 'CODE'])
  })
})

describe('links', () => {
  const check = (text: string) => {
    const root = tree({ 'README.md': text, 'docs/a.md': '# Top\n', 'docs/pic.svg': '' })
    return checkLinks(root, [readPage(root, 'README.md')])
  }

  it('that lead to files and headings pass, links to the web are left alone', () => {
    const text =
      '# Here\n[a](docs/a.md) [b](docs/a.md#top) [c](#here) [d](docs) ![e](docs/pic.svg) [f](https://example.com/x)'
    expect(check(text)).toEqual({ links: 5, failures: [] })
  })

  it.each([
    ['[a](docs/b.md)', 'there is no docs/b.md'],
    ['[a](docs/a.md#bottom)', "docs/a.md has no heading '#bottom'"],
    ['[a](#nowhere)', "README.md has no heading '#nowhere'"],
    ['[a](../x.md)', 'outside of the repository'],
    ['[a](/docs/a.md)', 'outside of the repository'],
  ])('%s fails', (text, reason) => {
    expect(check(text).failures).toEqual([expect.stringContaining(reason)])
  })
})
