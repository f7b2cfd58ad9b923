import { spawn } from 'node:child_process'
import { accessSync, chownSync, constants, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

// Debian keeps servers in folders that an ordinary user's PATH lacks.
const alsoIn = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** The full path of a program, looked for in `folders`, in PATH, then in Debian's folders for servers. */
function programPath(name: string, folders: readonly string[] = []): string | undefined {
  const path = (process.env.PATH ?? '').split(delimiter)
  return [...folders, ...path, ...alsoIn].map((folder) => join(folder, name)).find(isExecutable)
}

/** Those of the programs that are not there. */
export const missingOf = (names: readonly string[], folders: readonly string[] = []): readonly string[] =>
  names.filter((name) => programPath(name, folders) === undefined)

/** The path of a program that was checked to be there. */
export function pathOf(name: string, folders: readonly string[] = []): string {
  const path = programPath(name, folders)
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Subfolders with `prefix/<version>/suffix`, newest version first. */
export function versionedFolders(prefix: string, suffix: string): readonly string[] {
  try {
    const versions = readdirSync(prefix).filter((name) => /^\d+(\.\d+)*$/.test(name))
    return versions
      .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .map((each) => join(prefix, each, suffix))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

interface Account {
  readonly uid: number
  readonly gid: number
}

/** Whom a process runs as: the account when we are root, else nobody else than us. */
export function accountOf(name: string | undefined): Account | undefined {
  if (name === undefined || process.getuid?.() !== 0) return undefined
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  if (line === undefined) throw new Error(`there is no account '${name}', which this server runs as under root`)
  const [, , uid, gid] = line.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/** Gives a folder or file to the account that the server runs as. */
export function giveTo(account: string | undefined, path: string): void {
  const owner = accountOf(account)
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid)
}

interface RunOptions {
  readonly account?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Runs a program to its end and gives what it printed on both streams.
 * @throws Error with the last of its output when it fails
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? '/',
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...accountOf(options.account),
    })
    let output = ''
    const keep = (text: string): void => {
      output += text
    }
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${program} ${args.join(' ')} failed (${signal ?? code}):\n${tail(output)}`))
    })
  })
}

/** The last lines of a text, for an error message. */
export const tail = (text: string, lines = 15): string => text.trimEnd().split('\n').slice(-lines).join('\n')
