import type { Expression } from 'oxc-parser'
import { filesUnder } from './files.ts'
import { readSource, type Source, visit } from './source.ts'
import { count, type Findings, nothingToLookAt, type Step } from './step.ts'
import { compile } from './types.ts'

/** True when the expression begins with `expectTypeOf`; the last call of the chain, if any, is the assertion. */
function isExpectation(expression: Expression): boolean {
  if (expression.type === 'CallExpression') return isExpectation(expression.callee as Expression)
  if (expression.type === 'MemberExpression') return isExpectation(expression.object as Expression)
  return expression.type === 'Identifier' && expression.name === 'expectTypeOf'
}

/** Counts the assertions of a file, and finds expectations that assert nothing. */
function assertionsIn(source: Source): { assertions: number; empty: readonly string[] } {
  let assertions = source.parsed.comments.filter((comment) =>
    comment.value.trim().startsWith('@ts-expect-error'),
  ).length
  const empty: string[] = []
  visit(source, {
    ExpressionStatement: ({ expression, start }) => {
      if (!isExpectation(expression)) return
      const called = expression.type === 'CallExpression' && expression.callee.type === 'MemberExpression'
      if (called) assertions++
      else
        empty.push(
          `${source.path}:${source.lineOf(start)} expects nothing: end the line with a call such as .toEqualTypeOf`,
        )
    },
  })
  return { assertions, empty }
}

async function checkTypeTests(root: string): Promise<Findings> {
  const files = filesUnder(root, 'packages', ['.test-d.ts']).filter((path) => path.includes('/test-d/'))
  if (files.length === 0) return nothingToLookAt('packages/*/test-d/*.test-d.ts files')
  const { errors, files: compiled } = await compile(root, 'tsconfig.types.json')
  const failures = errors === '' ? [] : [errors]
  let total = 0
  for (const path of files) {
    const { assertions, empty } = assertionsIn(readSource(root, path))
    total += assertions
    failures.push(...empty)
    if (assertions === 0) failures.push(`${path} asserts nothing`)
    if (!compiled.includes(`${root}/${path}`)) failures.push(`${path} was not compiled: see tsconfig.types.json`)
  }
  return { looked: `${count(files.length, 'file')}, ${count(total, 'assertion')}`, failures }
}

export const typeTestsStep: Step = {
  name: 'type-tests',
  title: 'types are what they promise to be',
  run: checkTypeTests,
}
