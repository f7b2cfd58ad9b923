import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'

/** What figures depend on, besides the code. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly sqlite: string
  /** The file system that the stores are on, and its device; `unknown` where the system does not tell. */
  readonly disk: string
}

/** File systems that keep nothing on a disk, so that a sync costs nothing and means nothing. */
const withoutDisk = new Set(['tmpfs', 'ramfs'])

interface Mount {
  readonly at: string
  readonly fileSystem: string
  readonly device: string
}

/** The mount that a folder is on, by Linux's list of them (proc(5), mountinfo). */
function mountOf(folder: string): Mount | undefined {
  let list: string
  try {
    list = readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return undefined // Not Linux.
  }
  const mounts = list
    .trim()
    .split('\n')
    .map((line): Mount => {
      const [before = '', after = ''] = line.split(' - ')
      const [fileSystem = '', device = ''] = after.split(' ')
      return { at: before.split(' ')[4] ?? '', fileSystem, device }
    })
  const isAbove = ({ at }: Mount): boolean => at === '/' || folder === at || folder.startsWith(`${at}/`)
  return mounts.filter(isAbove).toSorted((a, b) => b.at.length - a.at.length)[0]
}

export function machineOf(folder: string): Machine {
  const mount = mountOf(folder)
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    sqlite: process.versions.sqlite ?? 'unknown',
    disk: mount === undefined ? 'unknown' : `${mount.fileSystem} on ${mount.device}`,
  }
}

/** Why durable figures from this folder would mean nothing; undefined when they mean something. */
export function noDiskUnder(folder: string): string | undefined {
  const mount = mountOf(folder)
  if (mount === undefined || !withoutDisk.has(mount.fileSystem)) return undefined
  return `${folder} is on ${mount.fileSystem}, which is memory: a sync there costs nothing. Give a folder on a disk with --folder.`
}

/** So many processes on average make figures doubtful, before the suite has started any. */
const quietLoad = 0.5

/** Why figures would be doubtful now; undefined when the machine is quiet, or does not tell. */
export function othersAtWork(): string | undefined {
  const [lastMinute = 0] = loadavg()
  if (lastMinute <= quietLoad) return undefined
  return `others are at work on this machine (load ${lastMinute.toFixed(1)}): the figures will be low and uneven`
}

/** The commit of the working tree, with `+` when files differ from it; undefined outside of a repository. */
export function commitOf(folder: string): string | undefined {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return `${git('rev-parse', '--short=10', 'HEAD')}${git('status', '--porcelain', '--', 'packages', 'bench') === '' ? '' : '+'}`
  } catch {
    return undefined
  }
}
