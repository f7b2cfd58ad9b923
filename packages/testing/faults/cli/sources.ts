import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const packages = join(import.meta.dirname, '../../..')

/**
 * A fingerprint of the sources that a run uses. Each process loads them anew, so a run during which they change is one of no
 * version in particular.
 */
export function fingerprintOfSources(): string {
  const hash = createHash('sha256')
  for (const file of globSync(['millrace/src/**/*.ts', 'testing/{src,faults,simulation}/**/*.ts'], {
    cwd: packages,
  }).toSorted()) {
    hash.update(file).update(readFileSync(join(packages, file)))
  }
  return hash.digest('hex')
}
