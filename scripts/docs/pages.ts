import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { filesUnder } from '../check/files.ts'
import { count, type Findings } from '../check/step.ts'
import { type Block, blocksOf } from './blocks.ts'
import { compileBlocks } from './compile.ts'
import { executeBlocks } from './execute.ts'
import { checkLinks } from './links.ts'
import { readPage } from './markdown.ts'

/** Every page of Markdown in the repository. */
export const allPages = (root: string): readonly string[] => filesUnder(root, '.', ['.md'])

/** Runs pages side by side, as many as there are processors. Blocks of one page run one after another. */
async function executeAll(
  root: string,
  pages: readonly (readonly Block[])[],
  scratch: string,
): Promise<readonly string[]> {
  const failures: (readonly string[])[] = []
  const queue = [...pages.entries()]
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, blocks] = next
      failures[index] = await executeBlocks(root, blocks, join(scratch, String(index)))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return failures.flat()
}

function numbers(pages: number, blocks: readonly Block[], links: number): string {
  const ts = blocks.filter((block) => block.language === 'ts')
  const sh = blocks.filter((block) => block.language === 'sh')
  const ran = (some: readonly Block[]): number => some.filter((block) => block.run).length
  const fragments = ts.filter((block) => block.fragment).length
  return [
    count(pages, 'page'),
    `${count(ts.length, 'ts block')} (${ts.length - fragments} compiled, ${count(fragments, 'fragment')}, ${ran(ts)} run)`,
    `${count(sh.length, 'sh block')} (${ran(sh)} run)`,
    `${count(blocks.filter((block) => block.output !== undefined).length, 'output')} compared`,
    count(links, 'link'),
  ].join(', ')
}

interface PageFindings extends Findings {
  /** How many blocks were compiled. */
  readonly compiled: number
}

/** Checks pages: marks, links, that TypeScript blocks compile, and that marked blocks run and print what the page shows. */
export async function checkPages(root: string, paths: readonly string[]): Promise<PageFindings> {
  const pages = paths.map((path) => readPage(root, path))
  const parsed = pages.map(blocksOf)
  const blocks = parsed.map((page) => page.blocks)
  const { links, failures } = checkLinks(root, pages)
  const scratch = await mkdtemp(join(tmpdir(), 'millrace-docs-'))
  try {
    const compiling = join(scratch, 'compile')
    await mkdir(compiling)
    const wrong = [
      ...parsed.flatMap((page) => page.failures),
      ...failures,
      ...(await compileBlocks(root, blocks, compiling)),
      ...(await executeAll(root, blocks, join(scratch, 'run'))),
    ]
    const compiled = blocks.flat().filter((block) => block.language === 'ts' && !block.fragment).length
    return { looked: numbers(pages.length, blocks.flat(), links), failures: wrong, compiled }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
