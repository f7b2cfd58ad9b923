import type { DatabaseSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import { sqliteFailure } from '../failure.ts'
import { commitStep } from '../tables/commit-count.ts'
import { readLoggedPages } from './logged-pages.ts'
import { type Mark, markPath } from './mark.ts'
import { openImmutable } from './open-immutable.ts'
import { pragma } from './settings.ts'
import { mayBeStatePage, readStatePage } from './state-page.ts'

// Every commit raises a number in the store (see tables/commit-count.ts), so the file, its log and its mark can be compared: SQLite
// itself takes any log for the right one, reads it as far as it is whole, and takes an older file for the newest.

/** What tells one state of a store from another. */
interface State {
  readonly identity: number | undefined
  readonly commits: number
  /** It was used with `synchronous: 'normal'` at least once, so that a power failure may take commits out of the middle of a log. */
  readonly unsynced: boolean
}

/** What was found in one look, while others may commit. */
interface Look {
  /** Of the file with its log. */
  readonly commits: number | undefined
  readonly problem: string | undefined
}

/** How often to look again while others commit. Whoever commits has had the same look, when nobody else did. */
const looks = 50

/**
 * Checks that the file, its log and its mark are of one store and one time.
 * @param database reads the store, and has no transaction
 * @param mark as it was read before `database` was opened
 * @throws STORE_DAMAGED
 */
export function assertContinuity(database: DatabaseSync, file: string, store: string, mark: Mark | undefined): void {
  let last: Look | undefined
  for (let count = 0; count < looks; count++) {
    const found = look(database, file, store, mark)
    if (found.problem === undefined) return
    // Nothing was committed between two looks that say the same, so the log was not written meanwhile.
    if (last?.problem === found.problem && last.commits === found.commits) {
      throw new MillraceError('STORE_DAMAGED', { store, reason: found.problem })
    }
    last = found
  }
}

function look(database: DatabaseSync, file: string, store: string, mark: Mark | undefined): Look {
  const whole = stateOf(database)
  if (whole === undefined) return { commits: undefined, problem: 'its count of commits is damaged' }
  const problem = markProblem(whole, file, mark) ?? logProblem(whole, database, file, store)
  return { commits: whole.commits, problem }
}

function markProblem({ identity, commits }: State, file: string, mark: Mark | undefined): string | undefined {
  if (mark === undefined) return undefined
  const accept = `to accept this file as it is, remove '${markPath(file)}'`
  if (identity !== undefined && identity !== mark.identity) return `another store was at this place before; ${accept}`
  if (mark.commits <= commits) return undefined
  return `the newest of its commits is number ${commits}, but number ${mark.commits} was acknowledged; ${accept}`
}

function logProblem(whole: State, database: DatabaseSync, file: string, store: string): string | undefined {
  const { identity, commits, unsynced } = whole
  const inLog = logState(database, file, store, identity)
  if (inLog === undefined) return undefined
  // The first commit that cannot be read may be one that a power failure cut off. The second was begun when the first was durable.
  if (inLog.newest > commits + 1 && !unsynced) {
    return `its write-ahead log is damaged: it has commits up to number ${inLog.newest}, and can be read up to number ${commits}`
  }
  const inFile = fileState(file)
  if (inFile === undefined) return undefined
  if (inFile.identity !== undefined && inFile.identity !== identity)
    return 'its write-ahead log is that of another store'
  if (inFile.commits > commits) {
    return `its write-ahead log is older than the file: it ends with commit ${commits}, and the file has number ${inFile.commits}`
  }
  if (inFile.commits < inLog.first - 1) {
    return `its file is older than the write-ahead log: it ends with commit ${inFile.commits}, and the log begins with number ${inLog.first}`
  }
  return undefined
}

interface LogState {
  /** The first commit since the log was begun anew; 0 when it has none. */
  readonly first: number
  /** The newest commit that is anywhere in the log. */
  readonly newest: number
}

/** What a log tells of the commits of a store, or of any when it is not known which; undefined when it tells nothing. */
function logState(
  database: DatabaseSync,
  file: string,
  store: string,
  identity: number | undefined,
): LogState | undefined {
  let first: number | undefined
  let newest: number | undefined
  const pageBytes = Number(pragma(database, 'page_size'))
  readLoggedPages(`${file}-wal`, store, pageBytes, mayBeStatePage, ({ page, current }) => {
    const rows = readStatePage(page)
    const commits = commitsOf(rows)
    if (commits === undefined || (identity !== undefined && rows?.get('identity') !== identity)) return
    if (current) first ??= commits
    newest = Math.max(newest ?? 0, commits)
  })
  return newest === undefined ? undefined : { first: first ?? 0, newest }
}

/** What the file holds without its log; undefined when that cannot be said, as after a crash in the middle of a checkpoint. */
function fileState(file: string): State | undefined {
  const database = openImmutable(file)
  try {
    database.enableDefensive?.(false)
    // The log may have made the file shorter than its header says.
    database.exec('PRAGMA writable_schema = ON')
    return stateOf(database)
  } catch (error) {
    if (sqliteFailure(error)?.kind !== 'damaged') throw error
    return undefined
  } finally {
    database.close()
  }
}

/** Undefined where the number of commits is none: a power failure cut the writing of its page. */
function stateOf(database: DatabaseSync): State | undefined {
  const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'millrace_state'").get()
  const rows = table === undefined ? [] : database.prepare('SELECT name, value FROM millrace_state').all()
  const values = new Map(rows.map(({ name, value }) => [String(name), Number(value)]))
  const commits = values.has('commits') ? commitsOf(values) : 0
  if (commits === undefined) return undefined
  return { commits, identity: values.get('identity'), unsynced: values.get('unsynced') === 1 }
}

function commitsOf(rows: ReadonlyMap<string, number> | undefined): number | undefined {
  const value = rows?.get('commits')
  return value !== undefined && value % commitStep === 0 ? value / commitStep : undefined
}
