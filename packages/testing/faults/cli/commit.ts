import { execFileSync } from 'node:child_process'

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()

/** The commit that is tried, and whether files of it were changed since; what is needed to repeat a seed. */
export function commitOf(): string {
  try {
    const changed = git('status', '--porcelain', '--', ':/packages') !== ''
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? ' with changes' : ''}`
  } catch {
    // The sources may have been unpacked from an archive.
    return 'of no repository'
  }
}
