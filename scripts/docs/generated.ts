import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorsPage } from './errors.ts'
import { patternsData, patternsPage } from './patterns.ts'

interface Generated {
  readonly path: string
  make(): string
}

/** The files that are made from the sources and from other pages. */
export const generatedPages: readonly Generated[] = [
  { path: 'docs/errors.md', make: () => errorsPage() },
  { path: 'docs/patterns/README.md', make: () => patternsPage() },
  { path: 'packages/cli/src/patterns.json', make: () => patternsData() },
]

/** What is wrong with the generated pages: they differ from what the sources give now. */
export function staleGenerated(root: string): readonly string[] {
  const isStale = ({ path, make }: Generated): boolean =>
    !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== make()
  return generatedPages.filter(isStale).map(({ path }) => `${path} is out of date: npm run docs`)
}
