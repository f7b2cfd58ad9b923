import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '../check/process.ts'
import type { Block } from './blocks.ts'

/** One state of a file of a page: the blocks that make it up, in order. */
type Files = Map<string, readonly Block[]>

/**
 * The states of a page's files that have to compile: the last one, and the one before each block that writes a file anew.
 * A block that belongs to no file is a module of its own, in the state in which the page shows it.
 */
function statesOf(blocks: readonly Block[]): readonly Files[] {
  let files: Files = new Map()
  const states = [files]
  for (const block of blocks) {
    if (block.language !== 'ts' || block.fragment) continue
    if (block.replace && files.has(block.file)) {
      files = new Map([...files].filter(([, [first]]) => first!.named))
      states.push(files)
      files.set(block.file, [block])
    } else {
      files.set(block.file, [...(files.get(block.file) ?? []), block])
    }
  }
  return states
}

/** The line of the page that a line of a compiled file comes from. */
function pageLine(blocks: readonly Block[], fileLine: number): string {
  let first = 1
  for (const block of blocks) {
    const lines = block.code.split('\n').length - 1
    if (fileLine < first + lines) return `${block.page}:${block.line + fileLine - first}`
    first += lines
  }
  const last = blocks.at(-1)!
  return `${last.page}:${last.line}`
}

/** Puts the compiler's messages, which name files in the scratch folder, back on the lines of the pages. */
function onPages(output: string, filesByPath: ReadonlyMap<string, readonly Block[]>): readonly string[] {
  const messages: string[] = []
  for (const line of output.split('\n')) {
    const [, path = '', fileLine, column, message] = /^(.+?)\((\d+),(\d+)\): (.*)$/.exec(line) ?? []
    const blocks = filesByPath.get(path)
    if (blocks !== undefined) messages.push(`${pageLine(blocks, Number(fileLine))}:${column} ${message}`)
    else if (messages.length > 0 && line.startsWith(' ')) messages.push(`${messages.pop()}\n${line}`)
    else if (line.trim() !== '') messages.push(line)
  }
  return [...new Set(messages)]
}

/** Type-checks the TypeScript blocks of all pages in one run of the compiler, as strictly as the sources. */
export async function compileBlocks(
  root: string,
  pages: readonly (readonly Block[])[],
  scratch: string,
): Promise<readonly string[]> {
  const filesByPath = new Map<string, readonly Block[]>()
  for (const [p, blocks] of pages.entries()) {
    for (const [s, files] of statesOf(blocks).entries()) {
      for (const [file, parts] of files) {
        const path = `page-${p}/state-${s}/${file}`
        filesByPath.set(path, parts)
        await mkdir(dirname(join(scratch, path)), { recursive: true })
        await writeFile(join(scratch, path), parts.map((block) => block.code).join(''))
      }
    }
  }
  if (filesByPath.size === 0) return []
  await symlink(join(root, 'node_modules'), join(scratch, 'node_modules'))
  await writeFile(join(scratch, 'package.json'), '{ "type": "module" }')
  const compilerOptions = { noEmit: true, moduleDetection: 'force', typeRoots: [join(root, 'node_modules/@types')] }
  const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions, files: [...filesByPath.keys()] }
  await writeFile(join(scratch, 'tsconfig.json'), JSON.stringify(config))
  const { code, output } = await run(root, 'tsc', ['-p', '.', '--pretty', 'false'], { cwd: scratch })
  return code === 0 ? [] : onPages(output, filesByPath)
}
