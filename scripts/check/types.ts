import { run } from './process.ts'
import { count, type Findings, nothingToLookAt, type Step } from './step.ts'

/** Compiles a project and returns what the compiler says, and the files of the repository that it read. */
export async function compile(root: string, project: string): Promise<{ errors: string; files: readonly string[] }> {
  const { code, output } = await run(root, 'tsc', ['-p', project, '--pretty', 'false', '--listFiles'], { cwd: root })
  const lines = output.split('\n')
  const isListed = (line: string): boolean => line.startsWith(`${root}/`) && /\.[cm]?ts$/.test(line)
  const files = lines.filter((line) => isListed(line) && !line.includes('/node_modules/'))
  const errors = lines.filter((line) => !line.startsWith('/')).join('\n')
  return { errors: code === 0 ? '' : errors.trim() || `tsc ended with exit code ${code}`, files }
}

async function checkTypes(root: string): Promise<Findings> {
  const { errors, files } = await compile(root, 'tsconfig.json')
  if (files.length === 0 && errors === '') return nothingToLookAt('source files')
  const failures = errors === '' ? [] : [errors]
  const found = errors.match(/^\S.* error TS\d+/gm)?.length ?? 0
  return { looked: `${count(files.length, 'file')}, ${count(found, 'error')}`, failures }
}

export const typesStep: Step = {
  name: 'types',
  title: 'sources, tests, scripts and examples compile',
  run: checkTypes,
}
