import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { findCycles } from './cycles.ts'
import { filesUnder } from './files.ts'
import { importsOf, readSource } from './source.ts'
import { count, type Findings, nothingToLookAt, type Step } from './step.ts'

/** The rooms of `packages/millrace/src`, top floor first: imports run only downward. */
const roomOrder: readonly string[] = [
  'app',
  'admin',
  'topology',
  'processes',
  'streams',
  'sourcing',
  'messaging',
  'delivery',
  'sqlite',
  'transport',
  'store',
  'event',
  'base',
]

/** The files beside the rooms: the main door and the door for engine authors. They open any room by its index. */
const frontDoors = new Set(['index.ts', 'engine.ts'])

const house = 'packages/millrace/src'
const workspaceFolders = ['packages', 'examples']

const depthOf = new Map(roomOrder.map((room, depth) => [room, depth]))

interface Edge {
  readonly from: string
  readonly to: string
  readonly specifier: string
  readonly line: number
}

/** `packages/cli` for `packages/cli/src/main.ts`; undefined for what is in no workspace. */
function workspaceOf(path: string): string | undefined {
  const [top, name] = path.split('/')
  if (top === 'bench') return top
  return top !== undefined && workspaceFolders.includes(top) && name !== undefined ? `${top}/${name}` : undefined
}

/** The room of a file of the house, '' for a front door. */
const roomOf = (path: string): string => {
  const inside = path.slice(house.length + 1)
  return inside.includes('/') ? inside.slice(0, inside.indexOf('/')) : ''
}

const inHouse = (path: string): boolean => path.startsWith(`${house}/`)

/** Why a relative import within the house is not allowed, or undefined. */
function wrongWithinHouse({ from, to }: Edge): string | undefined {
  const [here, there] = [roomOf(from), roomOf(to)]
  if (there === '') return here === '' ? undefined : 'a room does not import a front door'
  if (here === there) return undefined
  if (to !== `${house}/${there}/index.ts`) return `side door: the room '${there}' is entered only by its index.ts`
  if (here === '') return undefined
  const [depthHere, depthThere] = [depthOf.get(here), depthOf.get(there)]
  if (depthHere === undefined || depthThere === undefined) return undefined // An unknown room is reported by itself.
  return depthHere < depthThere ? undefined : `upward: '${here}' lies below '${there}'`
}

/** Why an import of a file by path is not allowed, or undefined. */
function wrongPath(edge: Edge): string | undefined {
  const workspace = workspaceOf(edge.from)
  if (inHouse(edge.from)) return inHouse(edge.to) ? wrongWithinHouse(edge) : 'the house imports nothing beside its src'
  if (workspace === undefined || edge.to.startsWith(`${workspace}/`)) return undefined
  return `it leaves ${workspace}: import the entry point of the other package by name`
}

/** Why an import by the name of a package of this repository is not allowed, or undefined. */
function wrongName(
  from: string,
  specifier: string,
  entries: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const known = entries.get(name)
  if (known === undefined) return undefined
  if (inHouse(from)) return 'the house takes its own files by path and no package that stands on it'
  return known.has(`.${specifier.slice(name.length)}`) ? undefined : `'${specifier}' is not an entry point of ${name}`
}

/** The entry points of each package of the repository: package name → keys of `exports`. */
function entryPoints(root: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>()
  for (const folder of readdirSync(join(root, 'packages'))) {
    const file = join(root, 'packages', folder, 'package.json')
    if (!existsSync(file)) continue
    const { name, exports } = JSON.parse(readFileSync(file, 'utf8')) as { name: string; exports?: object }
    found.set(name, new Set(Object.keys(exports ?? {})))
  }
  return found
}

/** Checks the order of imports in the tree under `root`. */
export function checkRooms(root: string): Findings {
  const files = filesUnder(root, '.', ['.ts', '.mts', '.js', '.mjs'])
  const entries = entryPoints(root)
  const edges: Edge[] = []
  const failures: string[] = []
  let imports = 0
  let inside = 0
  for (const from of files) {
    for (const { specifier, line } of importsOf(readSource(root, from))) {
      imports++
      if (inHouse(from)) inside++
      const relative = specifier.startsWith('.')
      const edge = { from, to: relative ? posix.join(posix.dirname(from), specifier) : specifier, specifier, line }
      if (relative) edges.push(edge)
      const wrong = relative ? wrongPath(edge) : wrongName(from, specifier, entries)
      if (wrong !== undefined) failures.push(`${from}:${line} imports '${specifier}': ${wrong}`)
    }
  }
  const houseFiles = files.filter(inHouse)
  if (houseFiles.length === 0 || inside === 0) return nothingToLookAt(`files with imports in ${house}`)

  for (const path of houseFiles) {
    if (roomOf(path) === '' && !frontDoors.has(posix.basename(path))) failures.push(`${path} lies beside the rooms`)
  }
  const rooms = new Set(houseFiles.map(roomOf).filter((room) => room !== ''))
  for (const room of rooms) {
    if (!depthOf.has(room)) failures.push(`${house}/${room} is not a known room: scripts/check/rooms.ts lists them`)
    else if (!existsSync(join(root, house, room, 'index.ts'))) failures.push(`${house}/${room} has no index.ts`)
  }
  for (const cycle of findCycles(edges)) failures.push(`import cycle: ${cycle.join(' → ')}`)

  const looked = [
    count(files.length, 'file'),
    count(imports, 'import'),
    `${count(rooms.size, 'room')} with ${count(houseFiles.length, 'file')} and ${count(inside, 'import')}`,
  ]
  return { looked: looked.join(', '), failures }
}

export const roomsStep: Step = {
  name: 'rooms',
  title: 'imports run downward, through the doors, without cycles',
  run: async (root) => checkRooms(root),
}
