import { execFileSync } from 'node:child_process'
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { join, resolve } from 'node:path'
import { median } from './figures.ts'
import type { Machine } from './result.ts'

const root = resolve(import.meta.dirname, '../../..')

/** The file system that holds a folder: its type, and the device it is on. */
export function fileSystemOf(folder: string, mounts: string): string {
  const inside = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, point = '']) => folder === point || folder.startsWith(point.endsWith('/') ? point : `${point}/`))
  const [device, , kind] = inside.toSorted(([, a = ''], [, b = '']) => b.length - a.length)[0] ?? []
  return kind === undefined ? 'unknown' : `${kind} on ${device}`
}

/** What one sync costs here: it bounds everything that is durable. */
function syncMs(folder: string): number {
  const file = openSync(join(folder, 'sync'), 'a')
  const bytes = Buffer.alloc(4_096, 1)
  try {
    const times = Array.from({ length: 200 }, () => {
      const began = performance.now()
      writeSync(file, bytes)
      fdatasyncSync(file)
      return performance.now() - began
    })
    return Number(median(times).toFixed(2))
  } finally {
    closeSync(file)
  }
}

/** @param folder that all stores and servers write to */
export function machineOf(folder: string): Machine {
  const processors = cpus()
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    fileSystem: process.platform === 'linux' ? fileSystemOf(folder, readFileSync('/proc/mounts', 'utf8')) : 'unknown',
    syncMs: syncMs(folder),
  }
}

/** The commit of the sources, with a word when they have changed since. */
export function commitOf(): string {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ', with changes'
    return git('rev-parse', '--short', 'HEAD') + changed
  } catch {
    return 'unknown (not a git checkout)'
  }
}
