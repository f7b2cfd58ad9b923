import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Durability, Place } from './engine.ts'

/** A process. A pid alone may belong to somebody else by now; with the moment when the kernel started it, it cannot. */
export interface Identity {
  readonly pid: number
  readonly startedTicks: string
}

/** A server that we started, as it is written down beside its files. */
export interface Instance extends Place, Identity {
  readonly engine: string
  readonly stopSignal: NodeJS.Signals
  readonly achieved: Durability
  readonly durabilityText: string
  readonly version?: string | undefined
  /** The process that has it for itself, and ends it. */
  readonly owner?: Identity | undefined
}

const fileName = 'instance.json'

/**
 * The folder of all servers: on a disk, which /tmp is not everywhere, so that a sync is a sync.
 * @throws Error when somebody else owns it
 */
export function enginesFolder(): string {
  const base = existsSync('/var/tmp') ? '/var/tmp' : tmpdir()
  const folder = process.env.MILLRACE_ENGINES_DIR ?? join(base, `millrace-engines-${process.getuid?.() ?? 'user'}`)
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const owner = statSync(folder).uid
  if (process.getuid !== undefined && owner !== process.getuid()) {
    throw new Error(`${folder} belongs to somebody else: set MILLRACE_ENGINES_DIR to a folder of your own`)
  }
  return folder
}

export const instanceFolder = (engine: string, port: number): string => join(enginesFolder(), `${engine}-${port}`)
export const logOf = ({ folder }: Pick<Place, 'folder'>): string => join(folder, 'log')

/** When a process was started, in ticks since the machine was, by /proc; `undefined` when there is none. */
function startedTicks(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
  const fields = afterName(stat)
  // A zombie is dead already; it only waits for its parent to look.
  return fields[0] === 'Z' ? undefined : fields[19]
}

/** The fields of /proc/<pid>/stat from the third on: the second is the name in brackets, which may hold anything. */
export const afterName = (stat: string): readonly string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ')

/** Whether the process that was written down is the one that runs. */
export const isAlive = (process: Identity): boolean => startedTicks(process.pid) === process.startedTicks

/** A process that runs now; `undefined` when it does not. */
export function identityOf(pid: number): Identity | undefined {
  const ticks = startedTicks(pid)
  return ticks === undefined ? undefined : { pid, startedTicks: ticks }
}

export function writeInstance(instance: Instance): void {
  writeFileSync(join(instance.folder, fileName), `${JSON.stringify(instance, null, 2)}\n`)
}

/** Everything that was started and not stopped, alive or not. */
export function instances(): readonly Instance[] {
  const folder = enginesFolder()
  return readdirSync(folder)
    .map((name) => join(folder, name, fileName))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as Instance)
}

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
