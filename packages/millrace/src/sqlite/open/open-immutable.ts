import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

/** A connection that takes no lock, reads no log and creates nothing: right for a header, or a file that nobody writes to. */
export function openImmutable(file: string): DatabaseSync {
  const url = pathToFileURL(file)
  url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true })
}
