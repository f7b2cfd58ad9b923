import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Packed, type Publishable, pack, publishables } from './packages.ts'
import { run } from './process.ts'
import { smokeTest } from './smoke.ts'
import { count, type Findings, nothingToLookAt, type Step } from './step.ts'

/** Compiles a package into a fresh `dist`. */
async function build(root: string, { folder }: Publishable): Promise<string | undefined> {
  const cwd = join(root, folder)
  await rm(join(cwd, 'dist'), { recursive: true, force: true })
  const { code, output } = await run(root, 'tsc', ['-p', 'tsconfig.build.json', '--pretty', 'false'], { cwd })
  return code === 0 ? undefined : `${folder} does not build:\n${output.trim()}`
}

/** What belongs into every package and what does not. */
function wrongContents({ folder, files }: Packed): readonly string[] {
  const missing = ['README.md', 'LICENSE', 'package.json'].filter((file) => !files.includes(file))
  const stray = files.filter((file) => /(^|\/)(test|test-d|faults)\//.test(file) || /\.tsbuildinfo$/.test(file))
  return [
    ...missing.map((file) => `${folder}: the package lacks ${file}`),
    ...stray.map((file) => `${folder}: the package holds ${file}`),
  ]
}

/** Runs publint and attw on a tarball. */
async function wrongShape(root: string, { folder, tarball, entries }: Packed): Promise<readonly string[]> {
  const found: string[] = []
  const publint = await run(root, 'publint', ['run', tarball, '--strict'], { cwd: root })
  if (publint.code !== 0) found.push(`${folder}: publint\n${publint.output.trim()}`)
  if (entries.length === 0) return found // A package of commands alone has no types to resolve.
  const attwArgs = [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color', '--format', 'ascii']
  const attw = await run(root, 'attw', attwArgs, { cwd: root })
  if (attw.code !== 0) found.push(`${folder}: attw\n${attw.output.trim()}`)
  return found
}

async function checkPackages(root: string, scratch: string): Promise<Findings> {
  const packages = publishables(root)
  if (packages.length === 0) return nothingToLookAt('publishable packages')
  const failures: string[] = []
  for (const each of packages) {
    const broken = await build(root, each)
    if (broken !== undefined) return { looked: count(packages.length, 'package'), failures: [broken] }
  }
  const packed: Packed[] = []
  for (const each of packages) packed.push(await pack(root, each, scratch))
  for (const each of packed) failures.push(...wrongContents(each), ...(await wrongShape(root, each)))
  const smoke = await smokeTest(root, packed, scratch)
  const files = packed.reduce((sum, each) => sum + each.files.length, 0)
  const looked = [count(packed.length, 'package'), count(files, 'packed file'), ...smoke.looked]
  return { looked: looked.join(', '), failures: [...failures, ...smoke.failures] }
}

export const packageStep: Step = {
  name: 'package',
  title: 'packages build, pack, resolve and import as their users will',
  async run(root) {
    const scratch = await mkdtemp(join(tmpdir(), 'millrace-package-'))
    try {
      return await checkPackages(root, scratch)
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  },
}
