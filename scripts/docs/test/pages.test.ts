import { cpSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tree } from '../../check/test/tree.ts'
import { checkPages } from '../pages.ts'

const repository = resolve(import.meta.dirname, '../../..')

interface Shown {
  readonly info: string
  readonly code: string
}

const page = (...blocks: readonly Shown[]): string =>
  blocks.map(({ info, code }) => `Some words.\n\n\`\`\`${info}\n${code}\n\`\`\`\n`).join('\n')

const ts = (code: string, marks = ''): Shown => ({ info: `ts ${marks}`.trim(), code })
const sh = (code: string, marks = 'run'): Shown => ({ info: `sh ${marks}`.trim(), code })
const output = (code: string): Shown => ({ info: 'text output', code })

/** Checks one page in a tree that has the tools of the repository. */
function check(...blocks: readonly Shown[]) {
  const root = tree({ 'page.md': page(...blocks) })
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
  cpSync(join(repository, 'tsconfig.base.json'), join(root, 'tsconfig.base.json'))
  return checkPages(root, ['page.md'])
}

describe('TypeScript blocks', () => {
  it('are compiled each by itself, and counted', async () => {
    const { failures, looked } = await check(
      ts('const a: number = 1\na'),
      ts('const a: string = "x"\na'),
      ts('…', 'fragment'),
    )
    expect(failures).toEqual([])
    expect(looked).toBe(
      '1 page, 3 ts blocks (2 compiled, 1 fragment, 0 run), 0 sh blocks (0 run), 0 outputs compared, 0 links',
    )
  })

  it('that do not compile fail with the line of the page', async () => {
    const { failures } = await check(ts('const a = 1\na'), ts('const b = 2\nconst c: string = b\nc'))
    expect(failures).toEqual([expect.stringMatching(/^page\.md:12:7 error TS2322: /)])
  })

  it('build on each other by file names, and a file can be continued and written anew', async () => {
    const { failures } = await check(
      ts('export const a = 1', 'file=lib.ts'),
      ts('export const b = a + 1', 'file=lib.ts'),
      ts("import { a, b } from './lib.ts'\nconsole.log(a, b)", 'run'),
      output('1 2'),
      ts("export const a = 'new'", 'file=lib.ts replace'),
      ts("import { a } from './lib.ts'\nconsole.log(a.toUpperCase())", 'run'),
      output('NEW'),
      ts("import { b } from './lib.ts'\nb"),
    )
    expect(failures).toEqual([expect.stringMatching(/^page\.md:\d+:10 error TS2305: .*'b'/)])
  })
})

describe('blocks that run', () => {
  it('fail when they print something else, and when they end with another exit code', async () => {
    const wrong = await check(ts('console.log("a")', 'run'), output('b'))
    expect(wrong.failures).toEqual(['page.md:4 printed something else\nexpected:\n  b\nprinted:\n  a'])
    const thrown = await check(ts('process.exitCode = 3', 'run'))
    expect(thrown.failures).toEqual([expect.stringContaining('page.md:4 ended with exit code 3, expected 0')])
    expect((await check(ts('process.exitCode = 3', 'run exit=3'))).failures).toEqual([])
  })

  it('see both streams in order, other files of the page, and the packages of the repository', async () => {
    const { failures } = await check(
      { info: 'json file=data/in.json', code: '{ "n": 4 }' },
      ts(
        "import { readFileSync } from 'node:fs'\nconsole.error('to stderr')\nconsole.log(readFileSync('data/in.json', 'utf8').trim())",
        'run',
      ),
      output('to stderr\n{ "n": 4 }'),
      ts("import { MillraceError } from 'millrace'\nconsole.log(typeof MillraceError)", 'run'),
      output('function'),
    )
    expect(failures).toEqual([])
  })

  it('run shell lines until one fails, and end what was left in the background', async () => {
    const { failures } = await check(
      sh('sleep 1000 &\necho $! > pid\necho started'),
      output('started'),
      sh('kill -0 "$(cat pid)" && echo alive'),
      output('alive'),
      sh('false\necho never', 'run exit=1'),
      output(''),
    )
    expect(failures).toEqual([])
  })

  it('have the millrace command', async () => {
    const { failures } = await check(sh('command -v millrace'), output('…/bin/millrace'))
    expect(failures).toEqual([])
  })
})

it.each([
  [[ts('1', 'rum')], "'rum' is no mark of a ts block"],
  [[sh('ls', 'run file=a')], "'file' is no mark of a sh block"],
  [[output('a')], 'shows the output of a block that is not run'],
  [[ts('export {}'), output('a')], 'shows the output of a block that is not run'],
  [[ts('export {}', 'file=../a.ts')], "'../a.ts' is no file name within the page's folder"],
  [[ts('export {}', 'replace')], "'replace' needs file=NAME"],
  [[ts('export {}', 'exit=1')], "'exit' needs 'run'"],
  [[ts('export {}', 'fragment run')], "'fragment' stands alone"],
])('marks that make no sense fail: %j', async (blocks, reason) => {
  const { failures } = await check(...blocks)
  expect(failures).toContainEqual(expect.stringContaining(reason))
})
