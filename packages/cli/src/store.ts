import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { MillraceError } from 'millrace'
import { type Admin, admin } from 'millrace/admin'
import { type Logger, type OpenEngine, systemClock, uuidv7 } from 'millrace/engine'
import { sqlite } from 'millrace/sqlite'
import type { Call } from './command.ts'
import type { Io } from './io.ts'

/** How the file of a store begins: an SQLite database that is marked as Millrace's. */
const mark = { magic: 'SQLite format 3\0', applicationId: 'Mlrc', at: 68 } as const

/**
 * The path of the store that is meant: named, else by MILLRACE_STORE, else the only store in the current folder.
 * @throws STORE_NOT_CHOSEN; STORE_UNREADABLE, STORE_FOREIGN when no store is there, as looking must not make one
 */
export function storePath({ io, store }: Pick<Call, 'io' | 'store'>): string {
  const named = store ?? (io.env.MILLRACE_STORE || undefined)
  if (named === undefined) return onlyStore()
  if (named === ':memory:') {
    throw new MillraceError('STORE_UNREADABLE', { store: named, reason: 'a store in memory has no file' })
  }
  const found = statSync(named, { throwIfNoEntry: false })
  if (found === undefined)
    throw new MillraceError('STORE_UNREADABLE', { store: named, reason: 'there is no such file' })
  if (found.isFile() && found.size === 0)
    throw new MillraceError('STORE_FOREIGN', { store: named, reason: 'it is empty' })
  return named
}

function onlyStore(): string {
  const stores = readdirSync('.', { withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.db') && !entry.isDirectory())
    .map(({ name }) => name)
    .filter(isStore)
    .sort()
  const [only, another] = stores
  if (only !== undefined && another === undefined) return only
  const reason = only === undefined ? 'there is none in this folder' : `there are several here: ${stores.join(', ')}`
  throw new MillraceError('STORE_NOT_CHOSEN', { reason })
}

/** Looks at the header of a file that this process has not opened: closing it drops the locks that the process has on it. */
function isStore(file: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch {
    // What cannot be read is not chosen by itself; whoever names it is told why it cannot be opened.
    return false
  }
  try {
    const header = Buffer.alloc(mark.at + mark.applicationId.length)
    readSync(descriptor, header, 0, header.length, 0)
    return header.toString('latin1').startsWith(mark.magic) && header.toString('latin1', mark.at) === mark.applicationId
  } finally {
    closeSync(descriptor)
  }
}

/** What the engine has to say goes to standard error. */
function loggerOf(io: Io): Logger {
  const tell = (message: string, fields?: Readonly<Record<string, unknown>>): void =>
    io.err(`${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}\n`)
  return { debug: () => {}, info: () => {}, warn: tell, error: tell }
}

/** Opens the store that is meant; it must be there. */
export async function openStore(call: Pick<Call, 'io' | 'store'>): Promise<OpenEngine & { readonly path: string }> {
  const path = storePath(call)
  const engine = await sqlite(path).open({ clock: systemClock, newId: uuidv7(systemClock), logger: loggerOf(call.io) })
  return { ...engine, path }
}

/** Does something with the store that is meant, and closes it. */
export async function operate<T>(
  call: Pick<Call, 'io' | 'store'>,
  work: (operator: Admin, path: string) => Promise<T>,
): Promise<T> {
  const { store, path } = await openStore(call)
  try {
    return await work(admin(store), path)
  } finally {
    await store.close()
  }
}
