import type { Fence, Page } from './markdown.ts'

/** A code block with its marks. CONTRIBUTING.md describes them for writers. */
export interface Block {
  readonly page: string
  /** The line of the page on which the code begins. */
  readonly line: number
  readonly language: string
  readonly code: string
  /** The file that the block begins, continues or, with `replace`, writes anew. */
  readonly file: string
  /** True when the page names the file; else `file` is made up. */
  readonly named: boolean
  readonly replace: boolean
  readonly run: boolean
  /** True for TypeScript that is not meant to compile by itself. */
  readonly fragment: boolean
  /** The exit code that a run must end with. */
  readonly exit: number
  /** What a run must print. */
  readonly output?: string
}

export interface Blocks {
  readonly blocks: readonly Block[]
  readonly failures: readonly string[]
}

const marksOf: Readonly<Record<string, readonly string[]>> = {
  ts: ['run', 'fragment', 'replace', 'file', 'exit'],
  sh: ['run', 'exit'],
  text: ['output', 'file', 'replace'],
}
const otherMarks = ['file', 'replace']

interface Info {
  readonly language: string
  readonly marks: ReadonlyMap<string, string>
}

function parseInfo(info: string): Info {
  const [language = '', ...words] = info.split(/\s+/)
  return {
    language,
    marks: new Map(words.map((word) => word.split('=', 2) as [string, string?]).map(([k, v]) => [k, v ?? ''])),
  }
}

/** What is wrong with the marks of a block. */
function wrongMarks({ language, marks }: Info): readonly string[] {
  const known = marksOf[language] ?? otherMarks
  const wrong = [...marks.keys()]
    .filter((mark) => !known.includes(mark))
    .map((mark) => `'${mark}' is no mark of a ${language} block`)
  const file = marks.get('file')
  if (file !== undefined && !/^[\w-]+([./][\w-]+)*$/.test(file))
    wrong.push(`'${file}' is no file name within the page's folder`)
  if (marks.has('replace') && file === undefined) wrong.push("'replace' needs file=NAME")
  if (marks.has('exit') && !marks.has('run')) wrong.push("'exit' needs 'run'")
  if (marks.has('exit') && !/^\d+$/.test(marks.get('exit')!)) wrong.push("'exit' needs a number, as in exit=1")
  if (marks.has('fragment') && marks.size > 1)
    wrong.push("'fragment' stands alone: a fragment is neither compiled nor run")
  return wrong
}

/** The blocks of a page, each with the output that it must print. */
export function blocksOf(page: Page): Blocks {
  const failures: string[] = []
  const blocks: Block[] = []
  for (const [index, fence] of page.fences.entries()) {
    const info = parseInfo(fence.info)
    for (const wrong of wrongMarks(info)) failures.push(`${page.path}:${fence.line} ${wrong}`)
    if (info.marks.has('output')) {
      const runs = index > 0 && parseInfo(page.fences[index - 1]!.info).marks.has('run')
      if (!runs) failures.push(`${page.path}:${fence.line} shows the output of a block that is not run`)
      continue
    }
    const next: Fence | undefined = page.fences[index + 1]
    const output = next !== undefined && parseInfo(next.info).marks.has('output') ? { output: next.code } : {}
    const { language, marks } = info
    blocks.push({
      page: page.path,
      line: fence.line + 1,
      language,
      code: fence.code,
      file: marks.get('file') ?? `line-${fence.line}.${language || 'txt'}`,
      named: marks.has('file'),
      replace: marks.has('replace'),
      run: marks.has('run'),
      fragment: marks.has('fragment'),
      exit: Number(marks.get('exit') ?? 0),
      ...output,
    })
  }
  return { blocks, failures }
}
