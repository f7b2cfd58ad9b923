import { run } from './process.ts'
import { count, type Findings, nothingToLookAt, type Step } from './step.ts'

const told = /^looked at (\d+) files$/m

async function checkDead(root: string): Promise<Findings> {
  const reporters = ['--reporter', 'symbols', '--reporter', './scripts/check/knip-count.ts']
  const args = ['--no-progress', '--treat-config-hints-as-errors', ...reporters]
  const { code, output } = await run(root, 'knip', args, { cwd: root })
  const files = Number(told.exec(output)?.[1] ?? 0)
  if (code === 0 && files === 0) return nothingToLookAt('files for knip')
  return { looked: count(files, 'file'), failures: code === 0 ? [] : [output.replace(told, '').trim()] }
}

export const deadStep: Step = { name: 'dead', title: 'no unused files, exports or dependencies', run: checkDead }
