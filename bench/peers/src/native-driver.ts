import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const folder = join(import.meta.dirname, '../native/node_modules/sqlite3')

/** Whether the npm package sqlite3 was compiled on this machine. */
export const isDriverCompiled = (): boolean => existsSync(join(folder, 'build/Release/node_sqlite3.node'))

/** Has whoever imports sqlite3 from now on get the compiled one, if there is one, and not what answers for it. */
export function takeDriver(): void {
  if (!isDriverCompiled()) return
  const url = pathToFileURL(join(folder, 'lib/sqlite3.js')).href
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'sqlite3' ? { url, format: 'commonjs', shortCircuit: true } : next(specifier, context),
  })
}
