import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './process.ts'

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** A package of this repository that is published. */
export interface Publishable {
  /** The path from the root, such as `packages/cli`. */
  readonly folder: string
  readonly name: string
  /** What users import: `millrace`, `millrace/sqlite`. */
  readonly entries: readonly string[]
  /** The commands that it installs. */
  readonly commands: readonly string[]
  readonly dependencies: readonly string[]
  /** What the user brings along, optional or not. */
  readonly peers: readonly string[]
}

/** A packed package: the tarball that would be published, and the files in it. */
export interface Packed extends Publishable {
  readonly tarball: string
  readonly files: readonly string[]
}

function publishable(root: string, folder: string): Publishable | undefined {
  const file = join(root, folder, 'package.json')
  if (!existsSync(file)) return undefined
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
  if (manifest.private) return undefined
  const keys = Object.keys(manifest.exports ?? {}).filter((key) => key !== './package.json')
  return {
    folder,
    name: manifest.name,
    entries: keys.map((key) => manifest.name + key.slice(1)),
    commands: Object.keys(manifest.bin ?? {}),
    dependencies: Object.keys(manifest.dependencies ?? {}),
    peers: Object.keys(manifest.peerDependencies ?? {}),
  }
}

/** The publishable packages, each after those that it depends on. */
export function publishables(root: string): readonly Publishable[] {
  const folders = readdirSync(join(root, 'packages')).sort()
  const left = new Map(
    folders.flatMap((name) => {
      const found = publishable(root, `packages/${name}`)
      return found === undefined ? [] : [[found.name, found] as const]
    }),
  )
  const ordered: Publishable[] = []
  while (left.size > 0) {
    const next = [...left.values()].find(({ dependencies }) => !dependencies.some((name) => left.has(name)))
    if (next === undefined)
      throw new Error(`the packages depend on each other in a circle: ${[...left.keys()].join(', ')}`)
    ordered.push(next)
    left.delete(next.name)
  }
  return ordered
}

/** Packs a built package into the folder `into`. */
export async function pack(root: string, each: Publishable, into: string): Promise<Packed> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', into]
  const { code, stdout, output } = await run(root, 'npm', args, { cwd: join(root, each.folder) })
  if (code !== 0) throw new Error(`npm pack failed in ${each.folder}:\n${output}`)
  // One object for one package; newer npm versions key it by the package's name.
  const parsed = JSON.parse(stdout) as Record<string, { filename: string; files: readonly { path: string }[] }>
  const packed = Object.values(parsed)[0]
  if (packed === undefined) throw new Error(`npm pack told nothing in ${each.folder}:\n${output}`)
  return { ...each, tarball: join(into, packed.filename), files: packed.files.map(({ path }) => path) }
}
