import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The files of a store by name: its own, and those beside it whose names begin with its name. */
export function filesOf(store: string): ReadonlyMap<string, Buffer> {
  const folder = dirname(store)
  return new Map(namesOf(store).map((name) => [name, readFileSync(join(folder, name))]))
}

/** Makes these files the files of a store; those that it has had are gone. */
export function putFiles(store: string, files: ReadonlyMap<string, Buffer>): void {
  const folder = dirname(store)
  for (const name of namesOf(store)) rmSync(join(folder, name))
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes)
}

function namesOf(store: string): string[] {
  const folder = dirname(store)
  return readdirSync(folder).filter(
    (name) => name.startsWith(basename(store)) && lstatSync(join(folder, name)).isFile(),
  )
}
