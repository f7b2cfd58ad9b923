import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesUnder } from './files.ts'
import { importsOf, readSource, visit } from './source.ts'
import { count, type Findings, nothingToLookAt, type Step } from './step.ts'

const maxFileLines = 400
const maxFunctionLines = 60
/** A reason stands in the first lines of the file: `// long because: one table, in one place`. */
const reason = /^\s*(?:\/\/|#|\*) long because: \S/m
const reasonWithinLines = 10

/** The functions of a file that take more than sixty lines. One that declares tests or promises is a list, and may be long. */
function longFunctions(root: string, path: string): readonly string[] {
  const source = readSource(root, path)
  if (importsOf(source).some(({ specifier }) => specifier === 'vitest')) return []
  const found: string[] = []
  const measure = ({ start, end }: { start: number; end: number }): void => {
    const first = source.lineOf(start)
    const lines = source.lineOf(end) - first + 1
    if (lines > maxFunctionLines) found.push(`${path}:${first} a function of ${lines} lines`)
  }
  visit(source, { FunctionDeclaration: measure, FunctionExpression: measure, ArrowFunctionExpression: measure })
  return found
}

/** Finds files of more than 400 lines without a reason, and warns of functions of more than 60 lines. */
export function checkSize(root: string): Findings {
  const files = filesUnder(root, '.', ['.ts', '.mts', '.js', '.mjs', '.sh', '.sql', '.css'])
  if (files.length === 0) return nothingToLookAt('source files')
  const failures: string[] = []
  const warnings: string[] = []
  let explained = 0
  let total = 0
  for (const path of files) {
    const text = readFileSync(join(root, path), 'utf8')
    const lines = text.split('\n')
    const length = text.endsWith('\n') ? lines.length - 1 : lines.length
    total += length
    if (length > maxFileLines) {
      if (reason.test(lines.slice(0, reasonWithinLines).join('\n'))) explained++
      else
        failures.push(
          `${path} has ${length} lines (at most ${maxFileLines}): part it, or open it with '// long because: …'`,
        )
    }
    if (/\.m?[jt]s$/.test(path)) warnings.push(...longFunctions(root, path))
  }
  const looked = [count(files.length, 'file'), count(total, 'line'), `${explained} long with a reason`]
  return { looked: looked.join(', '), failures, warnings }
}

export const sizeStep: Step = {
  name: 'size',
  title: `files of at most ${maxFileLines} lines`,
  run: async (root) => checkSize(root),
}
