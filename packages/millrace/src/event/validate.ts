import type { StandardSchemaV1 } from '@standard-schema/spec'
import { MillraceError } from '../base/index.ts'

/**
 * The schema's output for `data`. A promise only where the schema itself is asynchronous.
 * @throws DATA_INVALID with the path of the first field that does not fit
 */
export function validate<Out>(
  contract: string,
  schema: StandardSchemaV1<unknown, Out>,
  data: unknown,
): Out | Promise<Out> {
  const result = schema['~standard'].validate(data)
  if (result instanceof Promise) return result.then((settled) => outputOf(contract, settled))
  return outputOf(contract, result)
}

function outputOf<Out>(contract: string, result: StandardSchemaV1.Result<Out>): Out {
  if (result.issues === undefined) return result.value
  const [issue] = result.issues
  throw new MillraceError('DATA_INVALID', {
    contract,
    path: pathText(issue?.path ?? []),
    reason: issue?.message ?? 'does not fit the schema',
    issues: result.issues.length,
  })
}

/** A path the way a JavaScript programmer writes it: `lines[0].sku`. */
function pathText(path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[]): string {
  let text = ''
  for (const segment of path) {
    const key = typeof segment === 'object' ? segment.key : segment
    if (typeof key === 'number') text += `[${key}]`
    else text += text === '' ? String(key) : `.${String(key)}`
  }
  return text
}
