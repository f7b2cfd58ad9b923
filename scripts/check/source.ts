import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ParseResult, parseSync, Visitor, type VisitorObject } from 'oxc-parser'

/** One parsed source file. */
export interface Source {
  /** The path from the root of the tree, with `/`. */
  readonly path: string
  readonly text: string
  readonly parsed: ParseResult
  lineOf(offset: number): number
}

/** Reads and parses a file. Throws when it does not parse: what cannot be read cannot be checked. */
export function readSource(root: string, path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const parsed = parseSync(path, text)
  const error = parsed.errors[0]
  if (error !== undefined) throw new Error(`${path} does not parse: ${error.codeframe ?? error.message}`)
  return { path, text, parsed, lineOf: (offset) => text.slice(0, offset).split('\n').length }
}

/** Calls the visitor on every node of the file. */
export function visit(source: Source, visitor: VisitorObject): void {
  new Visitor(visitor).visit(source.parsed.program)
}

/** One mention of another module: an import, a re-export, a type import or the file of a worker. */
export interface Import {
  readonly specifier: string
  readonly line: number
}

/**
 * Every module that a file names: static imports and re-exports, also of types alone; `import()` of a literal;
 * `import('…').Type`; and `new URL('./file.ts', import.meta.url)`, by which workers are started.
 */
export function importsOf(source: Source): readonly Import[] {
  const found: Import[] = []
  const add = (specifier: unknown, start: number): void => {
    if (typeof specifier === 'string') found.push({ specifier, line: source.lineOf(start) })
  }
  const { staticImports, staticExports } = source.parsed.module
  for (const { moduleRequest } of staticImports) add(moduleRequest.value, moduleRequest.start)
  for (const { entries } of staticExports) {
    const request = entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest
    if (request) add(request.value, request.start)
  }
  visit(source, {
    ImportExpression: ({ source: module, start }) => {
      if (module.type === 'Literal') add(module.value, start)
    },
    TSImportType: ({ source: module, start }) => add(module.value, start),
    NewExpression: ({ callee, arguments: [file, base], start }) => {
      if (callee.type !== 'Identifier' || callee.name !== 'URL' || file?.type !== 'Literal') return
      const relativeToFile = base?.type === 'MemberExpression' && base.object.type === 'MetaProperty'
      if (relativeToFile && /\.[cm]?[jt]s$/.test(String(file.value))) add(file.value, start)
    },
  })
  return found
}
