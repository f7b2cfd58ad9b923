// All static checks in one command: npm run check [-- --only types,rooms] [-- --list]
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { deadStep } from './dead.ts'
import { docsStep } from './docs.ts'
import { lintStep } from './lint.ts'
import { packageStep } from './package.ts'
import { type Outcome, Report } from './report.ts'
import { roomsStep } from './rooms.ts'
import { sizeStep } from './size.ts'
import type { Findings, Step } from './step.ts'
import { typeTestsStep } from './type-tests.ts'
import { typesStep } from './types.ts'

const steps: readonly Step[] = [
  typesStep,
  typeTestsStep,
  lintStep,
  roomsStep,
  sizeStep,
  deadStep,
  packageStep,
  docsStep,
]

const root = resolve(import.meta.dirname, '../..')

/** The steps that `--only` names, in their own order; all when it names none. */
function chosen(only: string | undefined): readonly Step[] {
  if (only === undefined) return steps
  const names = new Set(only.split(',').map((name) => name.trim()))
  const unknown = [...names].filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0) {
    throw new Error(`no such check: ${unknown.join(', ')}. There are: ${steps.map((step) => step.name).join(', ')}`)
  }
  return steps.filter((step) => names.has(step.name))
}

/** Runs a step. A step that breaks has failed: the run goes on, so that one look shows everything. */
async function outcomeOf(step: Step): Promise<Outcome> {
  const start = performance.now()
  const broken = (error: unknown): Findings => ({
    looked: 'the check itself broke',
    failures: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  })
  const findings = await step.run(root).catch(broken)
  return { step, findings, ms: performance.now() - start }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, list: { type: 'boolean' } } })
  if (values.list) {
    for (const step of steps) console.log(`${step.name.padEnd(10)} ${step.title}`)
    return
  }
  const report = new Report(process.stdout)
  const outcomes: Outcome[] = []
  for (const step of chosen(values.only)) {
    report.started(step)
    const outcome = await outcomeOf(step)
    report.ended(outcome)
    outcomes.push(outcome)
  }
  report.summary(outcomes)
  if (outcomes.some(({ findings }) => findings.failures.length > 0)) process.exitCode = 1
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
})
