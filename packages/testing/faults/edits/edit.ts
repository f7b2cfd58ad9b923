import { readFileSync } from 'node:fs'

/** A change of one fragment of a product source file, which must be in it exactly once. */
export interface Edit {
  /** Below `packages/millrace/src`. */
  readonly file: string
  readonly from: string
  readonly to: string
  /** The fragment must be the first of its line. */
  readonly startsLine?: boolean
}

const sources = new URL('../../../millrace/src/', import.meta.url)

/**
 * The sources as the edits leave them, by file.
 * @throws Error, as `edited` does, unless the edits fit the sources as they are now
 */
export function editedSources(edits: readonly Edit[]): ReadonlyMap<string, string> {
  const byFile = Map.groupBy(edits, ({ file }) => file)
  return new Map(
    [...byFile].map(([file, ofFile]) => [file, edited(readFileSync(new URL(file, sources), 'utf8'), ofFile)]),
  )
}

/** The environment variable with the edits of a process, as JSON. */
export const editsVariable = 'MILLRACE_FAULT_EDITS'

/**
 * The source with all edits of its file made.
 * @throws Error unless each fragment is there exactly once, and none lies in another
 */
export function edited(source: string, edits: readonly Edit[]): string {
  const places = edits
    .map((edit) => ({ ...edit, start: placeOf(source, edit) }))
    .toSorted((one, other) => one.start - other.start)
  let result = ''
  let done = 0
  for (const { file, from, to, start } of places) {
    if (start < done) throw new Error(`${file}: two edits overlap at '${from}'`)
    result += source.slice(done, start) + to
    done = start + from.length
  }
  return result + source.slice(done)
}

function placeOf(source: string, { file, from, startsLine = false }: Edit): number {
  const start = source.indexOf(from)
  if (start < 0) throw new Error(`${file} has no fragment '${from}': adapt the edit to the source as it is now`)
  if (source.indexOf(from, start + 1) >= 0) {
    throw new Error(`${file} has the fragment '${from}' more than once: make the edit's fragment longer`)
  }
  if (startsLine && source.slice(source.lastIndexOf('\n', start) + 1, start).trim() !== '') {
    throw new Error(`${file} has something before the fragment '${from}' in its line: it is to begin a statement`)
  }
  return start
}
