import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A fenced code block: what stands behind the opening fence, and the code without its indentation. */
export interface Fence {
  readonly info: string
  readonly code: string
  /** The line of the opening fence; the code begins on the next one. */
  readonly line: number
}

export interface Link {
  readonly target: string
  readonly line: number
}

/** A page of Markdown as far as the checks need it. */
export interface Page {
  /** The path from the root, with `/`. */
  readonly path: string
  readonly fences: readonly Fence[]
  readonly links: readonly Link[]
  /** What `#…` can name: the slugs of the headings, and ids written in HTML. */
  readonly anchors: ReadonlySet<string>
}

interface TextLine {
  readonly text: string
  readonly line: number
}

/** Parts the lines of a page into fenced blocks and the rest. Throws on a fence that is never closed. */
function partFences(path: string, source: string): { fences: readonly Fence[]; prose: readonly TextLine[] } {
  const fences: Fence[] = []
  const prose: TextLine[] = []
  let open: { indent: string; mark: string; info: string; line: number; code: string[] } | undefined
  for (const [index, text] of source.split('\n').entries()) {
    const line = index + 1
    const fence = /^(\s*)(`{3,}|~{3,})\s*([^`]*)$/.exec(text)
    if (open === undefined) {
      if (fence === null) prose.push({ text, line })
      else open = { indent: fence[1]!, mark: fence[2]!, info: fence[3]!.trim(), line, code: [] }
    } else if (fence !== null && fence[2]!.startsWith(open.mark) && fence[3] === '') {
      fences.push({ info: open.info, code: `${open.code.join('\n')}\n`, line: open.line })
      open = undefined
    } else {
      open.code.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text.trimStart())
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.line} opens a code block that is never closed`)
  return { fences, prose }
}

const linkPatterns = [
  /\]\(\s*<?([^)\s>]+)>?(?:\s+["'][^"']*["'])?\s*\)/g, // [text](target "title"), ![image](target)
  /^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/g, // [reference]: target
  /\s(?:href|src)="([^"]+)"/g,
]

function linksIn({ text, line }: TextLine): readonly Link[] {
  const withoutCode = text.replace(/(`+)[^`]+\1/g, '')
  return linkPatterns.flatMap((pattern) =>
    [...withoutCode.matchAll(pattern)].map((match) => ({ target: match[1]!, line })),
  )
}

/** The anchor that GitHub gives a heading. */
export function slugOf(heading: string): string {
  const text = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/<[^>]*>/g, '')
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}

function anchorsIn(prose: readonly TextLine[]): ReadonlySet<string> {
  const anchors = new Set<string>()
  const seen = new Map<string, number>()
  for (const { text } of prose) {
    const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/.exec(text)?.[1]
    if (heading !== undefined) {
      const slug = slugOf(heading)
      const before = seen.get(slug) ?? 0
      seen.set(slug, before + 1)
      anchors.add(before === 0 ? slug : `${slug}-${before}`)
    }
    for (const [, id] of text.matchAll(/\s(?:id|name)="([^"]+)"/g)) anchors.add(id!)
  }
  return anchors
}

/** Takes a page apart. */
export function parsePage(path: string, source: string): Page {
  const { fences, prose } = partFences(path, source)
  return { path, fences, links: prose.flatMap(linksIn), anchors: anchorsIn(prose) }
}

export const readPage = (root: string, path: string): Page => parsePage(path, readFileSync(join(root, path), 'utf8'))
