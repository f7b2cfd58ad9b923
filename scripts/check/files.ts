import { readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

const skippedFolders = new Set(['node_modules', 'dist', 'coverage'])

/** The files under a folder that end in one of the extensions, as paths from `root` with `/`, sorted. */
export function filesUnder(root: string, folder: string, extensions: readonly string[]): readonly string[] {
  const found: string[] = []
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const full = join(path, entry.name)
      if (entry.isDirectory()) {
        if (!skippedFolders.has(entry.name) && (!entry.name.startsWith('.') || entry.name === '.ci')) walk(full)
      } else if (entry.isFile() && extensions.some((extension) => entry.name.endsWith(extension))) {
        found.push(relative(root, full).split(sep).join('/'))
      }
    }
  }
  walk(join(root, folder))
  return found.sort()
}
