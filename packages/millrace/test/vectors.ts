import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the conformance vectors of other projects lie. They are not part of the repository. */
const root = process.env.MILLRACE_VECTORS ?? join(import.meta.dirname, '../../../../shared/vectors')

/** The parsed JSON file `name` of the vectors; undefined where they are absent, and the tests on it are then skipped. */
export function vectors<T>(name: string): T | undefined {
  const text = vectorText(name)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

/** The file `name` of the vectors as text; undefined where they are absent. */
export function vectorText(name: string): string | undefined {
  return whereThere(() => readFileSync(join(root, name), 'utf8'))
}

/** The names of all files in the folder `name` of the vectors and in its folders; undefined where they are absent. */
export function vectorFiles(name: string): readonly string[] | undefined {
  const entries = whereThere(() => readdirSync(join(root, name), { recursive: true, withFileTypes: true }))
  return entries
    ?.filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort()
}

function whereThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
