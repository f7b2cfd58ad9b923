// Installs the peers on first use, or when their versions have changed, then runs the benchmark.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

const folder = resolve(import.meta.dirname, '..')

/** npm writes down what it has installed; older than the lock file means that this has changed since. */
function isInstalled(): boolean {
  const installed = join(folder, 'node_modules/.package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs
}

if (!isInstalled()) {
  process.stderr.write('installing the peers into bench/peers (npm ci) …\n')
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const { status } = spawnSync('npm', ['ci', ...options], { cwd: folder, stdio: ['ignore', 2, 2] })
  if (status !== 0) {
    process.stderr.write('npm could not install the peers; see above\n')
    process.exit(2)
  }
}
await import('./main.ts')
