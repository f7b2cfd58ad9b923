import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Application, MillraceError } from 'millrace'

/**
 * The application that a file exports by default: itself, or a function that gives it, or a promise of either.
 * What the file throws while it is imported is thrown as it is.
 * @throws APP_FILE_INVALID
 */
export async function loadApplication(file: string): Promise<Application> {
  const refuse = (reason: string): MillraceError => new MillraceError('APP_FILE_INVALID', { file, reason })
  const path = resolve(file)
  if (!existsSync(path)) throw refuse('there is no such file')
  const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
  if (!('default' in module)) throw refuse('it has no default export')
  let made = await module.default
  if (typeof made === 'function') made = await (made as () => unknown)()
  if (isApplication(made)) return made
  throw refuse('its default export is neither an application nor a function that gives one')
}

/** By its methods, as the file may have made it with another copy of the package. */
function isApplication(value: unknown): value is Application {
  if (typeof value !== 'object' || value === null) return false
  const methods = ['start', 'stop', 'publishAll', 'health'] satisfies (keyof Application)[]
  return methods.every((method) => typeof (value as Readonly<Record<string, unknown>>)[method] === 'function')
}
