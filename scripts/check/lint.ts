import { run } from './process.ts'
import { count, type Findings, nothingToLookAt, type Step } from './step.ts'

async function checkLint(root: string): Promise<Findings> {
  const args = ['ci', '--colors=off', '--error-on-warnings', '--max-diagnostics=none', '.']
  const { code, output } = await run(root, 'biome', args, { cwd: root })
  const files = Number(/^Checked (\d+) files?/m.exec(output)?.[1] ?? 0)
  if (files === 0 && code === 0) return nothingToLookAt('files for Biome')
  const hints = Number(/^Found (\d+) infos?/m.exec(output)?.[1] ?? 0)
  return { looked: `${count(files, 'file')}, ${count(hints, 'hint')}`, failures: code === 0 ? [] : [output.trim()] }
}

export const lintStep: Step = { name: 'lint', title: 'format and lint', run: checkLint }
