import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

// The C sources in this folder are compiled by whoever uses them, as no compiled library can be shipped for every system.

const run = promisify(execFile)

let built: Promise<string> | undefined

/**
 * Why the library cannot be used here; undefined when it can. It needs Linux, whose C library lets a preloaded one stand in
 * front of it, and a C compiler that answers to `cc`.
 */
export async function libraryUnavailable(): Promise<string | undefined> {
  if (process.platform !== 'linux')
    return `it preloads a library, which works on Linux only (this is ${process.platform})`
  try {
    await run('cc', ['--version'])
    return undefined
  } catch {
    return "there is no C compiler 'cc'; install one, such as the package 'gcc'"
  }
}

/** Compiles the library, once for this process, and resolves with its path. It goes away when the process ends. */
export function buildLibrary(): Promise<string> {
  built ??= build()
  return built
}

async function build(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-native-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const names = await readdir(import.meta.dirname)
  const sources = names.filter((name) => name.endsWith('.c')).map((name) => join(import.meta.dirname, name))
  const library = join(folder, 'faults.so')
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC']
  await run('cc', [...flags, '-o', library, ...sources, '-ldl'])
  return library
}

export interface LibraryUse {
  /** The store: its files are watched, which are those whose names begin with its name, and their folder. */
  readonly store: string
  /** Where to record what is written and synced. */
  readonly journal?: string
  /** What is to fail; see `makeControl`. */
  readonly control?: string
}

/** The environment in which a process is watched. */
export function libraryEnv(library: string, { store, journal, control }: LibraryUse): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: library,
    MILLRACE_FAULTS_STORE: store,
    ...(journal !== undefined && { MILLRACE_FAULTS_JOURNAL: journal }),
    ...(control !== undefined && { MILLRACE_FAULTS_CONTROL: control }),
  }
}
