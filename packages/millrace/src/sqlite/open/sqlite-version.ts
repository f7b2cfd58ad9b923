import { MillraceError } from '../../base/index.ts'

// The first safe patch of each line of releases that has the fix; every line after these has it.
const firstSafe: readonly (readonly [minor: number, patch: number])[] = [
  [44, 6],
  [50, 7],
  [51, 3],
]
const firstSafeLine = 51

/**
 * Whether two connections may write one file with this version of SQLite. Until 3.51.3 (and 3.50.7 and 3.44.6 in their
 * lines) a checkpoint could race with a restart of the write-ahead log and corrupt the file: https://www.sqlite.org/wal.html,
 * "The WAL-Reset Bug".
 */
export function isSafeVersion(version: string): boolean {
  const [major, minor, patch] = version.split('.').map(Number) as [number, number?, number?]
  if (major !== 3 || minor === undefined) return major > 3
  if (minor > firstSafeLine) return true
  return firstSafe.some(([line, first]) => line === minor && (patch ?? 0) >= first)
}

/** @throws STORE_VERSION_UNSAFE */
export function assertSafeVersion(version: string): void {
  if (isSafeVersion(version)) return
  const reason = 'before 3.51.3 (3.50.7 and 3.44.6 have the fix too) two connections that write can corrupt the file'
  throw new MillraceError('STORE_VERSION_UNSAFE', { engine: 'SQLite', version, reason })
}
