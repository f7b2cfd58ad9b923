import { expect, it } from 'vitest'
import { checkSize } from '../size.ts'
import { tree } from './tree.ts'

const lines = (n: number): string => 'export {}\n'.repeat(n)

it('passes a file of 400 lines and fails one of 401', () => {
  expect(checkSize(tree({ 'src/a.ts': lines(400) })).failures).toEqual([])
  expect(checkSize(tree({ 'src/a.ts': lines(401) })).failures).toEqual([
    expect.stringContaining('src/a.ts has 401 lines'),
  ])
})

it('takes a reason at the top, but not an empty one and not one further down', () => {
  const explained = checkSize(tree({ 'src/a.ts': `// long because: one table\n${lines(500)}` }))
  expect(explained).toMatchObject({ failures: [], looked: '1 file, 501 lines, 1 long with a reason' })
  expect(checkSize(tree({ 'src/a.ts': `// long because:\n${lines(500)}` })).failures).toHaveLength(1)
  expect(
    checkSize(tree({ 'src/a.ts': `${lines(20)}// long because: one table\n${lines(500)}` })).failures,
  ).toHaveLength(1)
})

it('warns of functions of more than sixty lines, but not of lists of tests', () => {
  const long = `\nexport const long = () => {\n${'  void 0\n'.repeat(60)}}\n`
  expect(checkSize(tree({ 'src/a.ts': long })).warnings).toEqual(['src/a.ts:2 a function of 62 lines'])
  expect(
    checkSize(
      tree({
        'test/a.test.ts': `import { it } from 'vitest'
${long}`,
      }),
    ).warnings,
  ).toEqual([])
  const shorter = long.replace('void 0\n', '').replace('void 0\n', '')
  expect(checkSize(tree({ 'src/a.ts': shorter.replaceAll(/\n\s+\n/g, '\n') })).warnings).toEqual([])
})

it('fails when there are no source files', () => {
  expect(checkSize(tree({ 'README.md': 'hello' })).failures).toHaveLength(1)
})
