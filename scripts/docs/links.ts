import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Page, readPage } from './markdown.ts'

export interface CheckedLinks {
  readonly links: number
  readonly failures: readonly string[]
}

const isExternal = (target: string): boolean => /^[a-z][a-z\d+.-]*:/i.test(target) || target.startsWith('//')

/** Checks that each link into the repository leads to a file, and each `#…` to a heading. Links to the web are left alone. */
export function checkLinks(root: string, pages: readonly Page[]): CheckedLinks {
  const known = new Map(pages.map((page) => [page.path, page]))
  const pageAt = (path: string): Page => {
    const page = known.get(path) ?? readPage(root, path)
    known.set(path, page)
    return page
  }
  const failures: string[] = []
  let links = 0
  for (const page of pages) {
    for (const { target, line } of page.links) {
      if (isExternal(target)) continue
      links++
      const [file = '', anchor] = target.split('#', 2)
      const path = file === '' ? page.path : posix.join(posix.dirname(page.path), decodeURIComponent(file))
      const at = `${page.path}:${line} links to '${target}'`
      if (path.startsWith('..') || file.startsWith('/')) failures.push(`${at}, which is outside of the repository`)
      else if (!existsSync(join(root, path))) failures.push(`${at}, but there is no ${path}`)
      else if (anchor && path.endsWith('.md') && !pageAt(path).anchors.has(anchor)) {
        failures.push(`${at}, but ${path} has no heading '#${anchor}'`)
      }
    }
  }
  return { links, failures }
}
