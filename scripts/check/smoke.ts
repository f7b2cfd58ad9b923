import { existsSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Packed } from './packages.ts'
import { run } from './process.ts'
import { count } from './step.ts'

interface Smoke {
  readonly looked: readonly string[]
  readonly failures: readonly string[]
}

const compilerOptions = {
  module: 'nodenext',
  target: 'es2024',
  strict: true,
  noEmit: true,
  // The declarations of the packages are checked too; what the compiler says of other people's is left out below.
  skipLibCheck: false,
  types: ['node'],
}

/** Installs the tarballs into an empty project, as a user does; only their dependencies come from the registry. */
async function install(root: string, packed: readonly Packed[], project: string): Promise<string | undefined> {
  await mkdir(project)
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  const tarballs = packed.map(({ tarball }) => tarball)
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs]
  const { code, output } = await run(root, 'npm', args, { cwd: project })
  if (code !== 0) return `npm install of the tarballs failed:\n${output.trim()}`
  for (const peer of new Set(packed.flatMap((each) => each.peers))) {
    const place = join(project, 'node_modules', peer)
    if (existsSync(place)) continue
    // Optional peers are not installed by themselves: those of the repository stand in for the user's.
    await mkdir(dirname(place), { recursive: true })
    await symlink(join(root, 'node_modules', peer), place)
  }
  return undefined
}

/** Imports each entry point with plain Node, without the condition that leads to the sources. */
async function importEach(root: string, project: string, entry: string): Promise<string | undefined> {
  const script = `const names = Object.keys(await import(${JSON.stringify(entry)}))
if (names.length === 0) throw new Error('it exports nothing')`
  const args = ['--input-type=module', '--eval', script]
  const { code, output } = await run(root, 'node', args, { cwd: project, env: { NODE_OPTIONS: '' } })
  return code === 0 ? undefined : `import '${entry}' from the installed package failed:\n${output.trim()}`
}

/** Compiles a file that imports every entry point against the published declarations. */
async function compileAll(root: string, project: string, entries: readonly string[]): Promise<string | undefined> {
  const lines = entries.map((entry, i) => `import * as entry${i} from '${entry}'\nvoid entry${i}`)
  await writeFile(join(project, 'consumer.ts'), `${lines.join('\n')}\n`)
  const typeRoots = [join(root, 'node_modules/@types')]
  const config = { compilerOptions: { ...compilerOptions, typeRoots }, files: ['consumer.ts'] }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(config))
  const { code, output } = await run(root, 'tsc', ['-p', '.', '--pretty', 'false'], { cwd: project })
  if (code === 0) return undefined
  const errors = output.split('\n').filter((line) => /^(consumer\.ts|node_modules\/(@millrace|millrace)\/)/.test(line))
  return errors.length === 0 ? undefined : `the installed declarations do not compile:\n${errors.join('\n')}`
}

async function startCommand(root: string, project: string, command: string): Promise<string | undefined> {
  const { code, output } = await run(root, join(project, 'node_modules/.bin', command), ['--help'], {
    cwd: project,
    env: { NODE_OPTIONS: '' },
    timeoutMs: 30_000,
  })
  return code === 0 && output.trim() !== '' ? undefined : `${command} --help ended with exit code ${code}:\n${output}`
}

/** Uses the packed packages as somebody else would: install, import, compile, start the commands. */
export async function smokeTest(root: string, packed: readonly Packed[], scratch: string): Promise<Smoke> {
  const entries = packed.flatMap((each) => each.entries)
  const commands = packed.flatMap((each) => each.commands)
  const looked = [count(entries.length, 'entry point'), count(commands.length, 'command')]
  const project = join(scratch, 'consumer')
  const notInstalled = await install(root, packed, project)
  if (notInstalled !== undefined) return { looked, failures: [notInstalled] }
  const results = [
    ...(await Promise.all(entries.map((entry) => importEach(root, project, entry)))),
    await compileAll(root, project, entries),
    ...(await Promise.all(commands.map((command) => startCommand(root, project, command)))),
  ]
  return { looked, failures: results.filter((result) => result !== undefined) }
}
