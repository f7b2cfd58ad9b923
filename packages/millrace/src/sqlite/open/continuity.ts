import type { DatabaseSync } from 'node:sqlite'
import { MillraceError } from '../../base/index.ts'
import { sqliteFailure } from '../failure.ts'
import { commitStep } from '../tables/commit-count.ts'
import { readLoggedPages } from './logged-pages.ts'
import { type Mark, markPath } from './mark.ts'
import { openImmutable } from './open-immutable.ts'
import { pragma } from './settings.ts'
import { readStatePage } from './state-page.ts'

// Every commit raises a number in the store (see tables/commit-count.ts), so the file, its log and its mark can be compared: SQLite
// itself takes any log for the right one, reads it as far as it is whole, and takes an older file for the newest.

/** What tells one state of a store from another. */
interface State {
  readonly identity: number | undefined
  readonly commits: number
  /** It was used with `synchronous: 'normal'` at least once, so that a power failure may take commits out of the middle of a log. */
  readonly unsynced: boolean
}

/** What a log tells of the commits of a store. */
interface LogState {
  /** The first commit since the log was begun anew; 0 when it has none. */
  readonly first: number
  /** The newest commit that is anywhere in it, and is too new to be one that was cut off; otherwise the one that may be. */
  readonly newest: number
}

/** How many looks in a row must say the same, and how many are made at most. */
const looks = { alike: 2, most: 10 } as const

/**
 * Checks that the file, its log and its mark are of one store and one time, while others may commit.
 * @param database reads the store, and has no transaction
 * @param mark as it was read before `database` was opened
 * @throws STORE_DAMAGED
 */
export function assertContinuity(database: DatabaseSync, file: string, store: string, mark: Mark | undefined): void {
  let last: string | undefined
  let alike = 0
  for (let count = 0; count < looks.most; count++) {
    const problem = problemOf(database, file, store, mark)
    if (problem === undefined) return
    alike = problem === last ? alike + 1 : 1
    if (alike === looks.alike) throw new MillraceError('STORE_DAMAGED', { store, reason: problem })
    last = problem
  }
}

function problemOf(database: DatabaseSync, file: string, store: string, mark: Mark | undefined): string | undefined {
  const before = stateOf(database)
  if (before === undefined) return damagedCount
  // In this order: what is read later can only be newer.
  const inLog = logState(database, file, store, before)
  const inFile = inLog && fileState(file)
  const whole = stateOf(database)
  if (whole === undefined) return damagedCount
  return markProblem(whole, file, mark) ?? (inLog && logProblem(whole, inLog, inFile))
}

const damagedCount = 'its count of commits is damaged'

function markProblem({ identity, commits }: State, file: string, mark: Mark | undefined): string | undefined {
  if (mark === undefined) return undefined
  const accept = `to accept this file as it is, remove '${markPath(file)}'`
  if (identity !== undefined && identity !== mark.identity) return `another store was at this place before; ${accept}`
  if (mark.commits <= commits) return undefined
  return `the newest of its commits is number ${commits}, but number ${mark.commits} was acknowledged; ${accept}`
}

function logProblem(
  { identity, commits, unsynced }: State,
  { first, newest }: LogState,
  inFile: State | undefined,
): string | undefined {
  // The first commit that cannot be read may be one that a power failure cut off. The second was begun when the first was durable.
  if (newest > commits + 1 && !unsynced) {
    return `its write-ahead log is damaged: it has commits up to number ${newest}, and can be read up to number ${commits}`
  }
  if (inFile === undefined) return undefined
  if (inFile.identity !== undefined && inFile.identity !== identity) {
    return 'its write-ahead log is that of another store'
  }
  if (inFile.commits > commits) {
    return `its write-ahead log is older than the file: it ends with commit ${commits}, and the file has number ${inFile.commits}`
  }
  if (inFile.commits < first - 1) {
    return `its file is older than the write-ahead log: it ends with commit ${inFile.commits}, and the log begins with number ${first}`
  }
  return undefined
}

/** What a log tells of the commits of a store, or of any when it is not known which; undefined when it tells nothing. */
function logState(database: DatabaseSync, file: string, store: string, state: State): LogState | undefined {
  let first: number | undefined
  let newest = state.commits + 1
  let tells = false
  readLoggedPages(`${file}-wal`, store, Number(pragma(database, 'page_size')), ({ page, isCurrent, isWhole }) => {
    const rows = readStatePage(page)
    const commits = rows && commitsOf(rows)
    if (commits === undefined || (state.identity !== undefined && rows?.get('identity') !== state.identity)) return
    const isFirst = isCurrent && first === undefined
    if (!isFirst && commits <= newest && tells) return
    if (!isWhole()) return
    tells = true
    if (isFirst) first = commits
    newest = Math.max(newest, commits)
  })
  return tells ? { first: first ?? 0, newest } : undefined
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

function commitsOf(rows: ReadonlyMap<string, number>): number | undefined {
  const value = rows.get('commits')
  return value !== undefined && value % commitStep === 0 ? value / commitStep : undefined
}
